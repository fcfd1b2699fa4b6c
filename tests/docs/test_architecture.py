"""docs/architecture.md, compared with the tree and with the contract of layers."""

from __future__ import annotations

import re
import tomllib

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
LAYERS = [
    [room.strip() for room in row.split("|")]
    for contract in CONTRACTS["contracts"]
    if contract.get("containers") == ["bench"]
    for row in contract["layers"]
]


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_rooms_are_those_of_the_tree() -> None:
    listed = re.findall(r"^\| `([\w/]+)/` \| .+ \|$", section("Rooms"), re.MULTILINE)
    rooms = {
        f"bench/{folder.name}" for folder in (ROOT / "bench").iterdir() if (folder / "__init__.py").exists()
    }
    tops = {"target_app", "scenarios", "bench", "tools", "tests", "reports"}
    assert len(listed) == len(set(listed))
    assert set(listed) == rooms | tops


def test_the_layers_are_those_of_the_contract() -> None:
    rows = re.findall(r"^    (.+)$", section("Layers"), re.MULTILINE)
    drawn = [re.findall(r"[a-z]+", re.split(r"\s{6,}", row)[0]) for row in rows]
    assert drawn == LAYERS


def test_a_word_of_the_glossary_stands_there_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \| .+ \|$", section("Glossary"), re.MULTILINE)
    words = [word.strip() for row in rows[1:] for word in row.split(",")]
    assert len(words) > 30
    assert len(words) == len(set(words))


def test_contributing_names_every_room_but_those_that_are_no_package() -> None:
    rooms = {room for row in LAYERS for room in row} - {"errors"}
    (block,) = re.findall(r"## Where things are\n\n((?:    .*\n)+)", CONTRIBUTING)
    assert {room for room in rooms if not re.search(rf"\b{room}\b", block)} == set()
    assert len(block.splitlines()) == 5
