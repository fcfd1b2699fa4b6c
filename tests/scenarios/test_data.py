"""Rows of files: read as their writers meant them, and handed out in turn or once."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import seats, shares
from scenarios.data import Rows
from scenarios.files import ScenarioFileError, load
from scenarios.mistakes import ScenarioError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))


def file(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    (folder / name).write_text(text, encoding=encoding, newline="")
    return folder / name


@settings(max_examples=50, derandomize=True, database=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), is_tab=st.booleans())
def test_what_a_csv_writer_wrote_comes_back(
    rows: list[tuple[str, str]], is_tab: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rows") / ("rows.tsv" if is_tab else "rows.csv")
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, delimiter="\t" if is_tab else ",", quoting=csv.QUOTE_ALL)
        writer.writerows([("name", "word"), *rows])
    assert list(Rows(path)) == [{"name": name, "word": word} for name, word in rows]


def test_lines_of_json_are_what_they_hold(tmp_path: Path) -> None:
    rows = [{"id": 1, "tags": ["\u2028"]}, [2], "three"]
    text = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert list(Rows(file(tmp_path, "rows.jsonl", text))) == rows


def test_a_table_of_a_spreadsheet_may_have_a_mark_and_blank_lines(tmp_path: Path) -> None:
    rows = Rows(file(tmp_path, "rows.csv", "name,age\r\nada,36\r\n\r\n", "utf-8-sig"))
    assert (len(rows), rows[0]) == (1, {"name": "ada", "age": "36"})


BAD = [
    ("rows.csv", "", ": has no rows"),
    ("rows.csv", "name\n", ": has no rows"),
    ("rows.csv", "a,a\n1,2\n", ":1: the first line must name each column once"),
    ("rows.csv", "a,\n1,2\n", ":1: the first line must name each column once"),
    ("rows.csv", 'a,b\n"1\n2",3\n1\n', ":4: has 1 fields, and the first line names 2"),
    ("rows.csv", 'a,b\n1,"2\n', ":2: "),
    ("rows.jsonl", '{"a": 1}\n{a}\n', ":2: is not JSON"),
    ("rows.txt", "a\n1\n", ": is not a file of rows"),
]


@pytest.mark.parametrize(("name", "text", "sentence"), BAD)
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    name: str, text: str, sentence: str, tmp_path: Path
) -> None:
    path = file(tmp_path, name, text)
    with pytest.raises(ScenarioError) as caught:
        Rows(path)
    assert f"{path}{sentence}" in str(caught.value)


def test_bytes_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="is not UTF-8"):
        Rows(file(tmp_path, "rows.csv", "name\ncaf\xe9\n", "latin-1"))


def test_a_path_starts_from_the_file_that_says_it(tmp_path: Path) -> None:
    file(tmp_path, "people.csv", "name\nada\n")
    text = (
        "from scenarios.data import Rows\nfrom scenarios.model import Scenario\n"
        "people = Rows('people.csv')\ndef flow(rng):\n    yield people[0]\n"
        "SCENARIOS = {'a': Scenario('a', flow)}\n"
    )
    scenario = load(file(tmp_path, "mine.py", text))["a"]
    assert next(scenario.flow(Random(0))) == {"name": "ada"}
    missing = file(tmp_path, "missing.py", text.replace("people.csv", "persons.csv"))
    with pytest.raises(ScenarioFileError, match=r"missing\.py:3: .*persons\.csv: No such file"):
        load(missing)


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rows:
    monkeypatch.setenv(shares.FOLDER, str(tmp_path / "shares"))
    return Rows(file(tmp_path, "people.csv", "name\nada\nbob\ncyd\n"))


def names(rows: list[Any]) -> str:
    return " ".join(row["name"] for row in rows)


def test_a_user_cycles_through_all_rows_from_one_that_is_drawn(people: Rows) -> None:
    told = {names([people.cycle(rng) for _ in range(6)]) for rng in map(Random, range(30))}
    assert told == {"ada bob cyd ada bob cyd", "bob cyd ada bob cyd ada", "cyd ada bob cyd ada bob"}
    first, again = (names([people.cycle(rng) for _ in range(4)]) for rng in (Random(5), Random(5)))
    assert first == again


def test_each_row_comes_once_to_the_users_of_a_server(people: Rows) -> None:
    users = [Random(number) for number in range(3)]
    for rng in users:
        seats.take(rng, "127.0.0.1", 80)
    elsewhere = Random(0)
    seats.take(elsewhere, "127.0.0.1", 81)
    assert names([people.once(rng) for rng in users]) == "ada bob cyd"
    assert names([people.once(elsewhere)]) == "ada"
    with pytest.raises(ScenarioError, match=r"people\.csv: all 3 rows are used on this server"):
        people.once(users[0])
