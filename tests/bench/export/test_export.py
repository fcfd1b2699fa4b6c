from __future__ import annotations

from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.export import CARRIES_INVALID, TOOLS, export
from tests.bench.builders import record, recorded
from tests.bench.export.mixed import MIXED


@pytest.mark.parametrize("tool", TOOLS)
def test_no_format_gives_an_invalid_record_away_as_valid(tool: str) -> None:
    said = export(MIXED, tool)
    assert "good" in said
    assert ("half" in said) == (tool in CARRIES_INVALID)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_cell_too_short_for_its_p999_is_exported_without_it(tool: str) -> None:
    short = record()
    response = replace(short.summary.response_ms, p999=None)
    short = replace(short, summary=replace(short.summary, response_ms=response, service_ms=response))
    said = export(recorded(short), tool)
    assert "uvicorn" in said
    assert "None" not in said
    assert "0.999" not in said


def test_the_direction_is_chosen_where_a_file_has_one() -> None:
    assert "throughput" in export(MIXED, "github-action-benchmark", "higher")
    assert "throughput" not in export(MIXED, "github-action-benchmark")
    with pytest.raises(UsageError, match=r"^--better is for github-action-benchmark: a file for csv holds"):
        export(MIXED, "csv", "lower")


def test_another_tool_is_unknown() -> None:
    with pytest.raises(UsageError, match=r"^unknown tool 'benchr'; did you mean 'bencher'\?$"):
        export(MIXED, "benchr")
