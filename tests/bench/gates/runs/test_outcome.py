"""The exit status of a comparison, and what one side lacks."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.model.record import Record
from tests.bench.builders import repeats
from tests.bench.gates.runs.compared import (
    outcome,
    rows,
)


@pytest.mark.parametrize(
    ("new", "whole", "status", "lenient"),
    [
        pytest.param((100.0, 101.0), "no change", 0, 0, id="all within the threshold"),
        pytest.param((200.0, 201.0), "improved", 0, 0, id="twice as fast"),
        pytest.param((100.0, 120.0), "inconclusive", 3, 0, id="wide repeats"),
        pytest.param((50.0, 51.0), "regressed", 1, 1, id="half as fast"),
        pytest.param((50.0,), "inconclusive", 3, 0, id="half as fast once"),
    ],
)
def test_the_exit_status(new: tuple[float, ...], whole: str, status: int, lenient: int) -> None:
    found = outcome(repeats("a", "noop-async", 100, 101), repeats("a", "noop-async", *new))
    assert (found.judgement.verdict, found.status("fail"), found.status("pass")) == (whole, status, lenient)


def test_an_anchor_alone_is_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="no benchmark in common"):
        outcome((), ())


def test_what_is_missing_may_be_borne_and_is_told() -> None:
    kept = repeats("a", "noop-async", 100, 101)
    found = outcome((*kept, *repeats("b", "noop-async", 1, 2)), kept, "missing")
    assert (found.judgement.verdict, found.missing, found.status("fail")) == ("no change", (), 0)
    assert found.judgement.notes[-1] == "Only in before: b / noop-async / native / 32 users."
    assert [row.entries[-1] for row in rows(found)] == ["no change", "missing"]


@pytest.mark.parametrize(
    ("base", "new"),
    [
        pytest.param(repeats("a", "noop-async", 1, 2), repeats("b", "noop-async", 1, 2), id="other setups"),
        pytest.param((), (), id="no records at all"),
        pytest.param(repeats("a", "noop-async", 1, 2), (), id="an empty run"),
    ],
)
@pytest.mark.parametrize("despite", [(), ("all",)], ids=["strict", "despite all"])
def test_nothing_in_common_is_no_finding(
    base: tuple[Record, ...], new: tuple[Record, ...], despite: tuple[str, ...]
) -> None:
    with pytest.raises(
        UsageError, match=r"^nothing to compare: before and after have no benchmark in common$"
    ):
        outcome(base, new, *despite)
