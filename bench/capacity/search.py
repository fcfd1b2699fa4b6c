"""The search for the rate that a service holds half of the time: trials so far -> the next trial, or the result.

Double until a rate fails, and halve the bracket (geometrically) until it is two tolerances wide: short trials, which
only find where to begin; one that fails is made again, for a hiccup would cost many steps. Then long trials confirm, by
a staircase that treats both verdicts alike: up after a trial that held, down after one that failed (the up-and-down
method of Dixon and Mood, JASA 43, 1948, which settles where half of the trials hold). A step is a tolerance until the
staircase turns, then half of one, and doubles with every four verdicts alike. It ends with the eighth trial from the
first turn on, the second of the answer and a higher rate that failed; where a doubled step goes the same way once more,
the machine is not what it was, and the count begins anew. Nothing is tried again because it failed.

The answer is the rate that contradicts the fewest long trials: failed ones at it or below it, and held ones above. It
has held at least as often as it failed. Where all rates hold with a probability that falls from 1 to 0 over 20 % of the
rate, 90 of 100 answers lie between -6 and +5 % of the rate that holds half of the time, and over 10 % of the rate
between -4 and +3 %. A machine that loses a quarter of its speed for 30 s of every 120 s, unseen, spreads them over
-23 to +4 %: only trials that are known to be disturbed can be set aside (run.py).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TrialVerdict = Literal["held", "failed", "saturated"]
"""`saturated`: the generator was at its limit, so the trial says nothing about the server."""

LimitedBy = Literal["service", "generator", "max-rate", "unattainable"]

_QUARTERS = 3
_TRIES = 2
_CONFIRMATIONS, _LEAST = 8, 2
_LEAD = 2
"""How many more trials must hold than fail to confirm a rate above which no rate can be tried."""
_WIDE, _NARROW = 2, 1  # in half tolerances
_ALIKE = 4
"""After so many verdicts alike the staircase is far from where they change, and its step doubles."""
_DIGITS = 4
_ROUNDING = 10.0**-_DIGITS


@dataclass(frozen=True, slots=True)
class Search:
    """Where the search begins, how close its result must be (0.05 is 5 %), and the rate that it never exceeds."""

    start_per_s: float
    tolerance: float = 0.05
    max_per_s: float = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Probe:
    """The next trial; those that confirm are longer."""

    rate_per_s: float
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One offered rate of the search, and its verdict."""

    probe: Probe
    verdict: TrialVerdict


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a rate held and failed in long trials; one that saturated the generator counts as neither."""

    rate_per_s: float
    held: int
    failed: int

    @property
    def text(self) -> str:
        """`held in 3 of 4`"""
        return f"held in {self.held} of {self.held + self.failed}"

    @property
    def lead(self) -> int:
        return self.held - self.failed


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The confirmed capacity, None when no rate held; `limit` is what kept it from being higher.

    With the generator or `max-rate` as the limit, the capacity is at least this.
    """

    rate_per_s: float | None
    limit: LimitedBy


def next_step(search: Search, trials: Sequence[Trial]) -> Probe | SearchResult:
    """The step after these trials, all of which the search asked for; the same trials always lead to the same step."""
    short = [trial for trial in trials if not trial.probe.confirms]
    if len(short) == len(trials) and _deserves_another(trials):
        return trials[-1].probe
    step = _bracket(search, short)
    if not isinstance(step, float):
        return step
    return _staircase(search, step, [trial for trial in trials if trial.probe.confirms])


def tallies(trials: Sequence[Trial]) -> tuple[Tally, ...]:
    """The long trials by rate, from the lowest up."""
    long = [trial for trial in trials if trial.probe.confirms]
    rates = sorted({trial.probe.rate_per_s for trial in long})
    return tuple(
        Tally(rate, *(_count(long, rate, verdict) for verdict in ("held", "failed"))) for rate in rates
    )


def _count(trials: Sequence[Trial], rate_per_s: float, verdict: str) -> int:
    return sum(trial.probe.rate_per_s == rate_per_s and trial.verdict == verdict for trial in trials)


def _deserves_another(short: Sequence[Trial]) -> bool:
    """Whether the last probe failed and has not been tried often enough for that to count."""
    if not short or short[-1].verdict != "failed":
        return False
    return sum(trial.probe == short[-1].probe for trial in short) < _TRIES


def _bracket(search: Search, trials: Sequence[Trial]) -> Probe | SearchResult | float:
    """The next short trial, or the rate from which to confirm."""
    holding = {trial.probe.rate_per_s for trial in trials if trial.verdict == "held"}
    held = max(holding, default=None)
    failed = min({trial.probe.rate_per_s for trial in trials} - holding, default=None)
    if held is None:
        rate = search.start_per_s if failed is None else failed / 4
        if rate < _floor(search):
            return _no_rate(trials)
        return Probe(_tidy(search, rate))
    if failed is None:
        return held if held >= search.max_per_s else Probe(_tidy(search, 2 * held))
    if failed / held > (1 + search.tolerance) ** 2 + _ROUNDING:
        return Probe(_tidy(search, math.sqrt(held * failed)))
    return held


def _staircase(search: Search, first_per_s: float, trials: Sequence[Trial]) -> Probe | SearchResult:
    """The next long trial, or the answer once those around the turns suffice."""
    step, top = _walk(search, first_per_s, trials)
    rate = _stair(search, first_per_s, step)
    if rate < _floor(search):
        return _no_rate(trials)
    counts = tallies(trials)
    if step == top and any(one.rate_per_s == rate and one.lead >= _LEAD for one in counts):
        return SearchResult(rate, _limit(trials, rate))
    found = rate_with_fewest_contradictions(counts)
    is_bounded = found is not None and (found < counts[-1].rate_per_s or found >= search.max_per_s)
    often = any(one.rate_per_s == found and one.held + one.failed >= _LEAST for one in counts)
    if found is not None and is_bounded and often and _is_settled(trials):
        return SearchResult(found, _limit(trials, found))
    return Probe(rate, confirms=True)


def rate_with_fewest_contradictions(counts: Sequence[Tally]) -> float | None:
    """The rate that contradicts the fewest trials, the highest of equals; None where "no rate holds" contradicts fewer.

    It is the highest rate at which the isotonic regression of the trials that held does not lie below one half.
    """
    # A rate at which only the generator was at its limit says nothing about the server.
    counts = [one for one in counts if one.held or one.failed]
    sums = list(itertools.accumulate((one.lead for one in counts), initial=0))
    best = len(sums) - 1 - sums[::-1].index(max(sums))
    return counts[best - 1].rate_per_s if best else None


def _walk(search: Search, first_per_s: float, trials: Sequence[Trial]) -> tuple[int, int]:
    """Where the trials lead, and the highest step that may be tried, in half tolerances from the first."""
    step, top, runs = 0, _top(search, first_per_s), _runs(trials)
    for place, trial in enumerate(trials):
        if trial.verdict == "saturated":
            top = step - 1
        stride = _stride(runs[: place + 1])
        step = min(step + (stride if trial.verdict == "held" else -stride), top)
    return step, top


def _runs(trials: Sequence[Trial]) -> list[int]:
    """For each trial, how many in a row had its verdict, itself included; 1 is a turn, except for the first trial."""
    held = [trial.verdict == "held" for trial in trials]
    lengths = (range(1, len(list(run)) + 1) for _, run in itertools.groupby(held))
    return list(itertools.chain.from_iterable(lengths))


def _stride(runs: Sequence[int]) -> int:
    """How far the last trial moves the rate."""
    return (_NARROW if 1 in runs[1:] else _WIDE) << (runs[-1] // _ALIKE)


def _top(search: Search, first_per_s: float) -> int:
    """The first step at the highest rate allowed."""
    return math.ceil(2 * math.log(search.max_per_s / first_per_s) / math.log1p(search.tolerance) - _ROUNDING)


def _is_settled(trials: Sequence[Trial]) -> bool:
    """Whether there are enough trials since the staircase turned near the answer; the one before the turn counts."""
    runs = _runs(trials)
    far = max((place for place, length in enumerate(runs) if length > _ALIKE), default=0)
    turn = next((place for place, length in enumerate(runs) if length == 1 and place > far), len(trials))
    return len(trials) - turn + 1 >= _CONFIRMATIONS


def _limit(trials: Sequence[Trial], rate_per_s: float) -> LimitedBy:
    """The obstacle next above a rate: failed trials, a saturated generator, or the highest rate allowed."""
    above = min((rate for trial in trials if (rate := trial.probe.rate_per_s) > rate_per_s), default=None)
    if above is None:
        return "max-rate"
    saturated = any(trial.probe.rate_per_s == above and trial.verdict == "saturated" for trial in trials)
    return "generator" if saturated else "service"


def _stair(search: Search, first_per_s: float, step: int) -> float:
    return _tidy(search, first_per_s * math.pow(1 + search.tolerance, step / 2))


def _floor(search: Search) -> float:
    """The search gives up below this."""
    return min(search.start_per_s, search.max_per_s) / (4.0**_QUARTERS + 1)


def _no_rate(trials: Sequence[Trial]) -> SearchResult:
    return SearchResult(None, "generator" if trials[-1].verdict == "saturated" else "unattainable")


def _tidy(search: Search, rate: float) -> float:
    """A rate in four digits, so that it reads well, and no higher than allowed."""
    if rate >= search.max_per_s:
        return search.max_per_s
    return min(float(f"{rate:.{_DIGITS}g}"), search.max_per_s)
