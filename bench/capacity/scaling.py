"""How throughput grows with the number of workers, and its bottleneck: the Universal Scalability Law."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from bench.errors import UsageError
from bench.stats.comparison import Comparison, standard_error
from bench.stats.families import dunnett_critical

FEWEST = 3
_NEGLIGIBLE = 0.05

ScalingBottleneck = Literal["nothing", "contention", "coherence", "cores", "~"]


@dataclass(frozen=True, slots=True)
class Law:
    """X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)), Gunther, Guerrilla Capacity Planning (2007), ch. 4-6.

    `rate_rps` is lambda, what one worker does alone; sigma is contention, the share of the work that only one can
    do at a time; kappa is coherence, what each pair of workers costs to agree.
    """

    rate_rps: float
    sigma: float
    kappa: float

    def throughput_rps(self, workers: float) -> float:
        return self.rate_rps * workers / (1 + self.contention(workers) + self.coherence(workers))

    def contention(self, workers: float) -> float:
        return self.sigma * (workers - 1)

    def coherence(self, workers: float) -> float:
        return self.kappa * workers * (workers - 1)

    @property
    def peak_workers(self) -> float | None:
        """Beyond so many workers throughput falls: sqrt((1 - sigma) / kappa); None when it never does."""
        if self.kappa <= 0:
            return None
        return math.sqrt(max(0.0, 1 - self.sigma) / self.kappa)


def fit(throughputs_rps: Mapping[int, float]) -> Law:
    """Fit the law to the throughput of each number of workers, sigma and kappa not below zero.

    N / X is linear in 1/lambda, sigma/lambda and kappa/lambda. Weighted by the measured X / N, least squares minimise
    those of measured / fitted - 1, which suits noise that grows with the figure. The problem is convex, so the best of
    the four choices of which of sigma and kappa are zero is the best of all. Raises UsageError for fewer than three
    numbers of workers.
    """
    check(throughputs_rps)
    n = np.array(sorted(throughputs_rps), dtype=float)
    x = np.array([throughputs_rps[int(count)] for count in n])
    columns = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=1) * (x / n)[:, None]
    best, least = Law(float(np.median(x / n)), 0.0, 0.0), math.inf
    for free in product((True, False), repeat=2):
        used = np.array([True, *free])
        solution = np.zeros(3)
        solution[used] = np.linalg.lstsq(columns[:, used], np.ones_like(n), rcond=None)[0]
        left = float(np.sum((columns @ solution - 1) ** 2))
        if solution[0] > 0 and solution.min() >= 0 and left < least:
            per_request, sigma, kappa = solution.tolist()
            best, least = Law(1 / per_request, sigma / per_request, kappa / per_request), left
    return best


def check(counts: Mapping[int, float] | set[int]) -> None:
    """Raise UsageError unless the numbers of workers are enough for the law's three unknowns."""
    if len(counts) < FEWEST:
        raise UsageError(
            f"the Universal Scalability Law has three unknowns: at least {FEWEST} numbers of workers are needed, "
            "as in --workers 1,2,4"
        )


def bottleneck(laws: Sequence[Law], kept: Comparison | None, workers: int, cpus: int) -> ScalingBottleneck:
    """The bottleneck at the largest number of workers; with more workers than CPUs, the CPUs.

    `laws` are those of the rounds, and `kept` is what is left of linear scaling: throughput at `workers` over so many
    times that of one. `~`, no evidence, where the rounds neither show a loss nor prove that there is next to none, and
    where they do not show which of contention and coherence weighs more (Student's interval of the difference).
    """
    if workers > cpus > 0:
        return "cores"
    if kept is None or kept.rounds < 2:
        return "~"
    if kept.low >= 1 / (1 + _NEGLIGIBLE):
        return "nothing"
    if kept.high >= 1:
        return "~"
    more = [law.contention(workers) - law.coherence(workers) for law in laws]
    middle = statistics.fmean(more)
    if len(more) < 2 or abs(middle) <= dunnett_critical(1, len(more)) * standard_error(more):
        return "~"
    return "contention" if middle > 0 else "coherence"
