"""Every path, link and make target that a page names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "reports/README.md"]
TOPS = sorted(
    folder.name for folder in ROOT.iterdir() if folder.is_dir() and folder.name not in ("reports", ".git")
)
MADE = (".venv/", "build/", "dist/")
"""Where commands of the pages put what they make."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

each = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def paths(page: str) -> set[str]:
    """Paths that begin with a folder of the repository."""
    tops = "|".join(map(re.escape, TOPS))
    found = re.findall(rf"(?<![\w/:.{{-])((?:{tops})/[\w./-]*)", page)
    return {path.rstrip(".") for path in found if not path.startswith(MADE)}


def links(page: str) -> set[str]:
    """Targets of links within the repository, without the place in the page."""
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page)
    return {link for link in found if "://" not in link}


def code(page: str) -> list[str]:
    """Code spans, and indented or fenced lines."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [*re.findall(r"`([^`\n]+)`", page), *re.findall(r"^ {4,}(.+)$", page, re.MULTILINE), *fenced]


def test_the_pages_are_all_there() -> None:
    assert len(PAGES) >= 10
    assert {"bench", "docs", "scenarios", "target_app", "tests", "tools"} <= set(TOPS)


@each
def test_a_path_exists(page: Path) -> None:
    assert [path for path in sorted(paths(text(page))) if not (ROOT / path).exists()] == []


@each
def test_a_link_leads_to_a_file(page: Path) -> None:
    assert [link for link in sorted(links(text(page))) if not (page.parent / link).exists()] == []


@each
def test_a_make_target_exists(page: Path) -> None:
    named = {
        target
        for span in code(text(page))
        for target in re.findall(r"(?:^|[`;&] ?)make ([a-z][a-z-]+)", span)
    }
    assert named <= TARGETS


def test_paths_links_and_targets_are_seen() -> None:
    page = "See `bench/none.py`, /bench/ping, [a](docs/none.md#b), https://x.org/docs/y and `make nothing`.\n"
    assert paths(page) == {"bench/none.py", "docs/none.md"}
    assert links(page) == {"docs/none.md"}
    assert code(page) == ["bench/none.py", "make nothing"]
