"""One run of a gate over a fault, and what a loop's turn costs: the raw data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.model.change import Change, Verdict, gravest
from tools.calibration.faults import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """One run of a gate.

    `spoiled` names the scenarios with a fault in them, and the turns of its loop (0 where it is none); `seconds` is the
    time that the paired gate was given for a scenario. Without an `error` the gate came to a verdict.
    """

    gate: Gate
    fault: str
    number: int
    seconds: float | None
    scenarios: tuple[str, ...]
    spoiled: Mapping[str, int]
    status: int
    took_s: float
    commit: str
    machine: str
    rows: tuple[Change, ...] = ()
    error: str = ""

    def rows_of(self, scenario: str) -> tuple[Change, ...]:
        """The rows of a scenario, one a metric."""
        return tuple(row for row in self.rows if _subject(row) == scenario)

    def verdict(self, scenario: str) -> Verdict | None:
        """The gravest of them that counts."""
        return gravest([row.verdict for row in self.rows_of(scenario) if row.counts and row.verdict])

    @property
    def untouched(self) -> tuple[str, ...]:
        """The scenarios without a fault; and what else has rows of its own, such as the memory of all of them."""
        names = dict.fromkeys((*self.scenarios, *map(_subject, self.rows)))
        return tuple(name for name in names if name not in self.spoiled)

    def alarms(self) -> tuple[Change, ...]:
        """The rows called worse though nothing was changed there."""
        return tuple(
            row for row in self.rows if row.verdict == "regressed" and _subject(row) not in self.spoiled
        )


def _subject(row: Change) -> str:
    """The scenario of `items-crud: GET /items/{id}`, which is one of its requests."""
    return row.name.partition(": ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The cost of a scenario's request, of a loop's turn, and of a loop without turns: instructions or microseconds.

    `alone` is what a turn takes outside of any server, the best of some; it is there to check `turn` by.
    """

    gate: Gate
    scenario: str
    request: float
    turn: float
    commit: str
    machine: str
    empty: float = 0.0
    alone: float | None = None

    def turns(self, share: float) -> int:
        """The number of turns that make a request dearer by a share."""
        return max(1, round((share * self.request - self.empty) / self.turn))
