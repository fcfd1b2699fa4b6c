"""A report says which service was measured, and by which harness; and nothing more where both are one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bench.cli._contents import contents
from bench.model.facts import read_facts
from bench.report import write
from bench.report.identity import service_lines, title_lines
from bench.results.results import understand
from tests.bench.builders import facts, record, run

SHOP: dict[str, Any] = {
    "name": "shop",
    "setups": ["uvicorn"],
    "git": {"commit": "1234567890abcdef", "dirty": True},
    "python": "CPython 3.13.1",
    "packages": {"fastapi": "0.115.0", "google-auth": "2.38.0"},
}
HARNESS = {"versions": {"fastapi-bench": "0.1.0", "uvicorn": "0.54.0"}, "python": "CPython 3.11.2"}


def test_the_title_names_the_service_and_the_harness_next_to_it() -> None:
    known = read_facts(facts(**HARNESS) | {"services_under_test": [SHOP]})
    assert list(title_lines(known)) == [
        ("service", "shop, commit 1234567890 with changes, CPython 3.13.1, 2 packages"),
        ("harness", "fastapi-bench 0.1.0, commit 2b0dfca, CPython 3.11.2"),
    ]


def test_several_are_told_apart_by_their_setups() -> None:
    other = {"name": "shop", "setups": ["a", "b"], "python": "CPython 3.12.9"}
    known = read_facts({"services_under_test": [SHOP, other]})
    assert [name for name, _ in title_lines(known)] == ["service (uvicorn)", "service (a, b)", "harness"]
    lines = dict(service_lines(known))
    assert lines["service 1.packages"] == "fastapi==0.115.0, google-auth==2.38.0"
    assert (lines["service 2.setups"], lines["service 2.python"]) == ("a, b", "CPython 3.12.9")
    assert "service 2.packages" not in lines


def test_of_the_harness_s_own_app_nothing_is_added() -> None:
    known = read_facts(facts())
    assert [*title_lines(known), *service_lines(known)] == []


@pytest.mark.parametrize("file", ["report.md", "report.html"])
def test_both_reports_say_it(file: str, tmp_path: Path) -> None:
    made = run(record(), services_under_test=[SHOP])
    write(made, contents(understand(made)), tmp_path)
    page = re.sub(r"<[^>]*>", " ", (tmp_path / file).read_text(encoding="utf-8"))
    assert page.count("fastapi==0.115.0, google-auth==2.38.0") == 1
    assert "shop, commit 1234567890 with changes, CPython 3.13.1, 2 packages" in page
    assert "under_test" not in page.replace("\\", "")
