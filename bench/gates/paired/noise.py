"""What comparing a server with itself shows: how noisy turns and processes are, and what a comparison could find."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.gates.paired.design import CONTROL_SHARE, FEWEST_TURNS, MOST_TURNS
from bench.gates.paired.judging import LOOKS, mde, power
from bench.gates.paired.observation import Observation, log_ratios

DURATIONS_S = (60, 120, 300)
_WITH_CONTROL, _WITH_PACED = (
    1.3,
    1.44,
)  # measured: what the control adds to starting a pair, and paced turns to a turn
_MEDIAN_COST = math.pi / 2
"""How many times the variance of a mean that of a median is, for a normal distribution."""


@dataclass(frozen=True, slots=True)
class SliceNoise:
    """Slices of so many sessions: the standard deviation of a turn's log ratio, and the seconds a turn takes."""

    sessions: int
    turn_sd: float
    turn_s: float

    @property
    def cost(self) -> float:
        """The seconds that bring the standard deviation of the mean down to 1: the less, the better the length."""
        return self.turn_sd**2 * self.turn_s


@dataclass(frozen=True, slots=True)
class Noise:
    """A machine's noise under one scenario, CPU per request of a server against itself.

    `sessions` is the best length of a slice; `process_sd` is how much two processes of the same program differ for as
    long as they live, turns being endless; `autocorrelation` is that of successive turns of a pair; `pair_start_s` is
    what starting a pair takes; `seed` decided the orders.
    """

    setup: str
    scenario: str
    metric: str
    slices: tuple[SliceNoise, ...]
    sessions: int
    process_sd: float
    autocorrelation: float
    pair_start_s: float
    pairs_per_look: int
    seed: int | None = None

    @property
    def best(self) -> SliceNoise:
        """The slices of the length that was found best, and measured for longer than the others."""
        return next(one for one in self.slices if one.sessions == self.sessions)

    def sd(self, turns: float) -> float:
        """The standard deviation of a pair that is measured in so many turns."""
        return math.sqrt(self.process_sd**2 + _MEDIAN_COST * self.best.turn_sd**2 / max(1.0, turns))

    def turns(self, duration_s: float) -> float:
        """How many turns a pair gets in a comparison of this length.

        The looks and a confirmation share the time; the control takes a part of it, and turns at a fixed rate, too.
        """
        look_s = duration_s / (LOOKS + 1) - _WITH_CONTROL * self.pair_start_s * self.pairs_per_look
        turn_s = _WITH_PACED * self.best.turn_s
        turns = (1 - CONTROL_SHARE) * look_s / self.pairs_per_look / turn_s
        return max(float(FEWEST_TURNS), min(float(MOST_TURNS), turns))

    def mde(self, duration_s: float) -> float:
        """The smallest change that a comparison of this length finds in 95 % of cases, as a share."""
        return mde(self.sd(self.turns(duration_s)), LOOKS * self.pairs_per_look, self.pairs_per_look)

    def power(self, change: float, duration_s: float) -> float:
        """How often a change, a share, would be found by the last look and confirmed."""
        sd = self.sd(self.turns(duration_s))
        return power(change, sd, LOOKS * self.pairs_per_look, self.pairs_per_look)


def turn_sd(seen: Sequence[Observation], metric: str) -> float:
    """The standard deviation of a turn, by the median distance from the pair's own middle; outliers do not count."""
    distances = [
        abs(value - statistics.median(values))
        for one in seen
        for values in [log_ratios(one.turns, metric)]
        for value in values
    ]
    return 1.4826 * statistics.median(distances)


def process_sd(seen: Sequence[Observation], metric: str, of_turn: float) -> float:
    """What pairs differ by beyond the noise of their turns; 0 where that explains it all."""
    middles = [statistics.median(log_ratios(one.turns, metric)) for one in seen]
    turns = statistics.median(len(one.turns) for one in seen)
    return math.sqrt(max(0.0, statistics.variance(middles) - _MEDIAN_COST * of_turn**2 / turns))


def autocorrelation(seen: Sequence[Observation], metric: str) -> float:
    """The correlation of a turn with the next one of the same pair, over all pairs; 0 without any spread."""
    both = spread = 0.0
    for one in seen:
        values = log_ratios(one.turns, metric)
        middle = statistics.mean(values)
        off = [value - middle for value in values]
        both += sum(a * b for a, b in itertools.pairwise(off))
        spread += sum(value**2 for value in off)
    return both / spread if spread else 0.0


def from_stored(said: Mapping[str, object]) -> Noise:
    """What `dataclasses.asdict` made of a Noise. Raises KeyError, TypeError or ValueError where it is none."""
    fields = dict(said)
    slices = tuple(SliceNoise(**one) for one in fields.pop("slices"))  # type: ignore[attr-defined]
    return Noise(slices=slices, **fields)  # type: ignore[arg-type]
