"""A table as data: what it says, not how it looks. `report` turns it into text, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Literal

from bench.model.record import Caveat


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, unit, the side its entries stand on, and what they are.

    A `drawing` is made of letters of one width; `prose` is sentences, which may be broken.
    """

    name: str
    unit: str = ""
    align: Literal["left", "right"] = "right"
    kind: Literal["words", "drawing", "prose"] = "words"

    @property
    def drawn(self) -> bool:
        return self.kind == "drawing"

    @property
    def prose(self) -> bool:
        return self.kind == "prose"


@dataclass(frozen=True, slots=True)
class Row:
    """One entry a column. Rows of a `section` stand together; an invalid row is marked and has no rank."""

    entries: tuple[str, ...]
    section: str = ""
    caveats: tuple[Caveat, ...] = ()
    invalid: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(caveat.code for caveat in self.caveats))


@dataclass(frozen=True, slots=True)
class Table:
    """A title, columns, rows, and notes that say how to read them."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows by section, in the order in which the sections first appear."""
        names = dict.fromkeys(row.section for row in self.rows)
        return tuple((name, tuple(row for row in self.rows if row.section == name)) for name in names)


def label(name: str) -> Column:
    """A column of words."""
    return Column(name, align="left")


def prose(name: str) -> Column:
    """A column of sentences."""
    return Column(name, align="left", kind="prose")


def marks(codes: Iterable[str]) -> Mapping[str, str]:
    """A short mark for each caveat code, in the order of the codes: a, b, ... z, aa, ab ..."""
    return {code: _mark(place) for place, code in enumerate(sorted(set(codes)))}


def _mark(place: int) -> str:
    rest, letter = divmod(place, len(ascii_lowercase))
    return (_mark(rest - 1) if rest else "") + ascii_lowercase[letter]
