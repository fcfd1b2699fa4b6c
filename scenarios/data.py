"""Rows of a file that sessions work with: users to log in, articles to look for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, overload
from weakref import WeakKeyDictionary

from scenarios import shares
from scenarios.callers import beside_caller
from scenarios.mistakes import ScenarioError, caller_place

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")


class Rows(Sequence[Any]):
    """The rows of a file, in its order: `people = Rows("people.csv")`.

    The path starts from the folder of the file that says so. Rows of `.csv` and `.tsv` are dictionaries of text, named
    by the first line; those of `.jsonl` are what each line holds. Raises ScenarioError for a file that has no rows, or
    a line that does not fit.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = beside_caller(path)
        self._rows = _read(self.path)
        self._places: WeakKeyDictionary[Random, int] = WeakKeyDictionary()

    def cycle(self, rng: Random) -> Any:
        """The user's next row; the first is drawn, and after the last row comes the first."""
        place = self._places.get(rng)
        place = rng.randrange(len(self._rows)) if place is None else (place + 1) % len(self._rows)
        self._places[rng] = place
        return self._rows[place]

    def once(self, rng: Random) -> Any:
        """A row that nobody else gets on this server: not another user, engine or process, nor a later cell.

        A server that is started anew has all rows again. Raises ScenarioError when all are used.
        """
        number = shares.take(rng, str(self.path.resolve()))
        if number >= len(self._rows):
            raise ScenarioError(
                f"{self.path}: all {len(self._rows)} rows are used on this server, each once: add rows, call once() "
                "in on_start instead of in every session, or use cycle()"
            )
        return self._rows[number]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        return self._rows[index]


def _read(path: Path) -> list[Any]:
    kind = path.suffix.lower()
    if kind not in _DELIMITERS and kind not in _LINES:
        raise ScenarioError(
            f"{path}: is not a file of rows that can be read: give .csv, .tsv or .jsonl", caller_place()
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}", caller_place()) from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8: save it as UTF-8", caller_place()) from None
    rows = _lines(path, text) if kind in _LINES else _table(path, text, _DELIMITERS[kind])
    if not rows:
        raise ScenarioError(f"{path}: has no rows", caller_place())
    return rows


def _table(path: Path, text: str, delimiter: str) -> list[Any]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[dict[str, str]] = []
    try:
        names = next(reader, [])
        if len(set(names)) < len(names) or not all(name.strip() for name in names):
            raise ScenarioError(f"{path}:1: the first line must name each column once: {', '.join(names)}")
        for row in reader:
            if row and len(row) != len(names):
                raise ScenarioError(
                    f"{path}:{reader.line_num}: has {len(row)} fields, and the first line names {len(names)}"
                )
            if row:
                rows.append(dict(zip(names, row)))  # noqa: B905 - Python 3.9 has no `strict`
    except csv.Error as error:
        raise ScenarioError(f"{path}:{reader.line_num}: {error}") from None
    return rows


def _lines(path: Path, text: str) -> list[Any]:
    rows: list[Any] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ScenarioError(f"{path}:{number}: is not JSON: {error}") from None
    return rows
