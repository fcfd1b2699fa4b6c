"""One run of `bench run` that is checked, what it said, and what the burning app costs: the raw data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CheckName = Literal["core-same", "core-order", "core-neighbour", "core-default"]
Said = Literal["best", "better", "same", "worse", "unresolved"]

BEST = "the best"
"""The base of a standing: whichever setup is the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreVerdict:
    """What a run says of a setup (`head`) against another one, or against the best, by one metric in one scenario."""

    scenario: str
    base: str
    head: str
    metric: str
    verdict: Said
    ratio: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the base's figure."""
        return (self.high - self.low) / 2

    @property
    def of_standing(self) -> bool:
        return self.base == BEST


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreRun:
    """One run.

    `rounds` and `minutes` are those that were asked for (None: the plan's). `turns` are those of the loop in each
    setup's app, none where no loop is. `sliced_s` is the time within slices, `took_s` that of the whole command with
    start and report. `invalid` names the setups with an invalid cell. Without an `error` the run is whole.
    """

    check: CheckName
    number: int
    rounds: int | None
    minutes: float | None
    status: int
    took_s: float
    commit: str
    machine: str
    turns: Mapping[str, int]
    sliced_s: float = 0.0
    verdicts: tuple[CoreVerdict, ...] = ()
    invalid: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    error: str = ""

    @property
    def key(self) -> tuple[CheckName, int | None, float | None]:
        """Runs of other lengths count apart."""
        return self.check, self.rounds, self.minutes

    @property
    def standings(self) -> tuple[CoreVerdict, ...]:
        return tuple(one for one in self.verdicts if one.of_standing)

    @property
    def pairs(self) -> tuple[CoreVerdict, ...]:
        return tuple(one for one in self.verdicts if not one.of_standing)

    @property
    def outside_share(self) -> float:
        """The share of the command's time that lies outside of slices."""
        return max(0.0, 1 - self.sliced_s / self.took_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnPrice:
    """What a request of the bare app costs the whole server, and a turn of its loop: microseconds of CPU time.

    `minutes` is the length of the run that priced them.
    """

    request_us: float
    turn_us: float
    commit: str
    machine: str
    minutes: float | None = None

    def turns(self, share: float) -> int:
        """The turns that make a request dearer by a share; 0 for nothing."""
        return round(share * self.request_us / self.turn_us)
