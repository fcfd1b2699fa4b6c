"""An entry of the history: what one commit measured on one machine. Its field names are the format of a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bench.model.commit import Commit

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures are only comparable within: a fingerprint, and what it stands for in words."""

    fingerprint: str
    about: str


@dataclass(frozen=True, slots=True)
class Figure:
    """The median over `n` repeats, and the range of the repeats."""

    value: float
    low: float
    high: float
    n: int


Series = Mapping[str, Mapping[str, Figure]]
"""Figures by name of what was measured, and by metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one commit measured.

    With an `anchor` each figure is a ratio to the anchor's in the same run; without one it is an exact count.
    `when` is when it was measured; `versions` are those of the packages; `caveats` are codes of doubts, by the name of
    what they are about, those of the anchor included.
    """

    commit: Commit
    when: str
    machine: Machine
    run: str
    anchor: str | None
    series: Series
    versions: Mapping[str, str] = field(default_factory=dict)
    caveats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def key(self) -> tuple[object, ...]:
        """What there is one entry of: a commit, a machine, an anchor."""
        return (self.commit.hash, self.commit.dirty, self.machine.fingerprint, self.anchor)

    @property
    def moment(self) -> float:
        """Where it stands in time: at its commit's date; changes that no commit holds, when they were measured."""
        return datetime.fromisoformat(self.when if self.commit.dirty else self.commit.date).timestamp()


def current(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that count, oldest first: of several with one key, the last that was added."""
    latest = {entry.key: entry for entry in entries}
    return tuple(sorted(latest.values(), key=lambda entry: entry.moment))
