"""An entry of the history: what one commit measured on one machine. Its field names are the format of a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bench.model.commit import Commit

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, within which alone figures are comparable: its fingerprint, and the same in words."""

    fingerprint: str
    about: str


@dataclass(frozen=True, slots=True)
class SeriesFigure:
    """The median over `n` repeats, and the range of the repeats."""

    value: float
    low: float
    high: float
    n: int


Series = Mapping[str, Mapping[str, SeriesFigure]]
"""Figures by name of what was measured, and by metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The figures of one commit.

    With an `anchor` each figure is a ratio to the anchor's in the same run; without one it is an exact count.
    `when` is when it was measured; `caveats` are codes of doubts, by the name of what they are about, those of the
    anchor included. `versions` are those of the packages: of the `service`, and then `harness` has the harness's; where
    `service` is None, of the harness, whose app was measured. Older lines have the harness's in any case.
    """

    commit: Commit
    when: str
    machine: Machine
    run: str
    anchor: str | None
    series: Series
    versions: Mapping[str, str] = field(default_factory=dict)
    caveats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    service: str | None = None
    harness: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def key(self) -> tuple[object, ...]:
        """The key of an entry: commit, service, machine and anchor."""
        return (self.commit.hash, self.commit.dirty, self.service, self.machine.fingerprint, self.anchor)

    @property
    def harness_versions(self) -> Mapping[str, str]:
        """The versions of the harness's packages, on which the anchor runs."""
        return self.versions if self.service is None else self.harness

    @property
    def moment(self) -> float:
        """The entry's time in seconds: its commit's date, or the time of measuring for uncommitted changes."""
        return datetime.fromisoformat(self.when if self.commit.dirty else self.commit.date).timestamp()


def current(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that count, oldest first: of several with one key, the last that was added."""
    latest = {entry.key: entry for entry in entries}
    return tuple(sorted(latest.values(), key=lambda entry: entry.moment))
