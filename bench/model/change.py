"""The verdicts of a gate: one for each metric that it compared, one of them all, and the exit status."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
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
    """One metric of both versions, with a verdict.

    `base` and `head` are in `unit`, which is empty for counts. `ratio` is head / base, between `low` and `high`; `mde`,
    the smallest change that would be found, is a share such as 0.002. None means unknown; without a base, the verdict
    is unknown, too. `margin` is the share up to which a change does not matter, and the band that a chart shades. `why`
    are sentences for the reader. A change `beside` the gate's own metrics can be regressed, but where it is
    inconclusive the judgement does not wait for it.
    """

    name: str
    metric: str
    verdict: Verdict | None
    _: KW_ONLY
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
    """The result of a gate: a title, the changes, and notes on how to read them."""

    title: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The gravest verdict of all; None where nothing was compared."""
        return gravest([one.verdict for one in self.changes if one.counts and one.verdict is not None])

    def status(self, inconclusive: Literal["pass", "fail"]) -> int:
        """The exit status: 1 regressed, 3 inconclusive unless that passes, else 0."""
        if self.verdict == "inconclusive":
            return 0 if inconclusive == "pass" else 3
        return 1 if self.verdict == "regressed" else 0


def gravest(verdicts: list[Verdict]) -> Verdict | None:
    """The verdict that decides; None of none. Where anything is unknown, nothing may be called an improvement."""
    return min(verdicts, key=_GRAVEST_FIRST.index, default=None)
