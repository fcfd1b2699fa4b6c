"""What a gate says of a change: a verdict a measured thing, one of them all, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["regressed", "improved", "no change", "inconclusive"]

HIGHER_IS_WORSE = {
    "instructions": True,
    "cpu": True,
    "throughput": False,
    "p50": True,
    "p99": True,
    "memory": True,
    "errors": True,
}
"""The metrics that gates judge by, and which way is worse."""

_GRAVEST_FIRST: tuple[Verdict, ...] = ("regressed", "inconclusive", "improved", "no change")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing measured in both versions.

    `base` and `head` are in `unit`, none where they are counted. `ratio` is head / base, between `low` and `high`;
    `mde`, the smallest change that would be found, is a share such as 0.002. What is None is unknown; without a base,
    so is the verdict. `margin` is the share up to which a change does not matter, and the band that a chart shades.
    `why` says what a reader should know of it. What is only `beside` the gate's own metrics can be
    red, but may stay open without leaving the whole open.
    """

    name: str
    metric: str
    verdict: Verdict | None
    base: float | None = None
    head: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    mde: float | None = None
    why: tuple[str, ...] = ()
    unit: str = ""
    beside: bool = False
    margin: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it has a say in the verdict of all."""
        return self.verdict is not None and not (self.beside and self.verdict == "inconclusive")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a gate found: a title, the changes, and notes that say how to read them."""

    title: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The gravest of all; None where nothing was compared."""
        return gravest([one.verdict for one in self.changes if one.counts and one.verdict is not None])

    def status(self, inconclusive: Literal["pass", "fail"]) -> int:
        """The exit status: 1 regressed, 3 inconclusive unless that passes, else 0."""
        if self.verdict == "inconclusive":
            return 0 if inconclusive == "pass" else 3
        return 1 if self.verdict == "regressed" else 0


def gravest(verdicts: list[Verdict]) -> Verdict | None:
    """The one that decides; None of none. Where anything is unknown, nothing may be called an improvement."""
    return min(verdicts, key=_GRAVEST_FIRST.index, default=None)
