"""Checked runs -> counts: what was right, what was wrong, and how well runs agree."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tools.calibration.core_checks import BASE, CHECKS, NAMES, SHARES
from tools.calibration.core_judging import ORDERED
from tools.calibration.core_run import CheckName, CoreRun, CoreVerdict
from tools.calibration.tally import Rate


@dataclass(frozen=True, slots=True)
class CoreGroup:
    """The runs of one check, of one length; at least one."""

    check: CheckName
    runs: tuple[CoreRun, ...]

    @property
    def declaring(self) -> Rate:
        """The runs in which a setup is said to be worse than the best, by any metric: wrong where all are the same."""
        return Rate(sum(bool(differences(run)) for run in self.runs), len(self.runs))

    def shown(self, setup: str) -> Rate:
        """The runs in which the dearer setup is shown to be so."""
        found = [_of_base(run, setup) for run in self.runs]
        return Rate(sum(one is not None and one.verdict == "worse" for one in found), len(found))

    def ordered(self, setup: str) -> Rate:
        """The runs in which the estimate for the dearer setup is at least on the right side."""
        found = [_of_base(run, setup) for run in self.runs]
        return Rate(sum(one is not None and one.ratio > 1 for one in found), len(found))

    @property
    def all_ordered(self) -> Rate:
        """The runs in which all estimates stand in the right order."""
        return Rate(sum(map(is_ordered, self.runs)), len(self.runs))

    @property
    def wrong(self) -> Rate:
        """The runs that call a dearer setup better than a cheaper one, or the cheapest worse than the best."""
        return Rate(sum(bool(wrong_verdicts(run)) for run in self.runs), len(self.runs))

    def ratios(self, setup: str) -> list[float]:
        """The ratios of a dearer setup to the first, by the metric whose order is known."""
        return [one.ratio for run in self.runs if (one := _of_base(run, setup)) is not None]

    def half_widths(self, metric: str) -> list[float]:
        """Of the pairs, as far as they are finite."""
        found = [one.half_width for run in self.runs for one in run.pairs if one.metric == metric]
        return [width for width in found if math.isfinite(width)]

    @property
    def resolved(self) -> Rate:
        """The verdicts on pairs that say something, of all."""
        found = [one.verdict != "unresolved" for run in self.runs for one in run.pairs]
        return Rate(sum(found), len(found))

    @property
    def median_s(self) -> float:
        return statistics.median(run.took_s for run in self.runs)

    @property
    def longest_s(self) -> float:
        return max(run.took_s for run in self.runs)

    @property
    def outside_share(self) -> float:
        """The share of the time that lies outside of slices, in the median."""
        return statistics.median(run.outside_share for run in self.runs)


def core_groups(runs: Iterable[CoreRun]) -> list[CoreGroup]:
    """By check and length; what failed is left out."""
    found: defaultdict[tuple[CheckName, int | None, float | None], list[CoreRun]] = defaultdict(list)
    for run in runs:
        if not run.error:
            found[run.key].append(run)
    keys = sorted(found, key=lambda key: (NAMES.index(key[0]), key[2] or 0, key[1] or 0))
    return [CoreGroup(key[0], tuple(sorted(found[key], key=lambda run: run.number))) for key in keys]


def is_usual(group: CoreGroup) -> bool:
    """Whether its runs are as long as the check says."""
    check = CHECKS[group.check]
    return group.runs[0].key == (check.name, check.rounds, check.minutes)


def differences(run: CoreRun) -> tuple[CoreVerdict, ...]:
    """The standings that call a setup worse than the best."""
    return tuple(one for one in run.standings if one.verdict == "worse")


def wrong_verdicts(run: CoreRun) -> tuple[CoreVerdict, ...]:
    """The verdicts on burning apps that contradict the true order; a pair's base is always the cheaper one."""
    pairs = [one for one in run.pairs if one.verdict == "better"]
    return (*pairs, *(one for one in differences(run) if one.head == BASE))


def is_ordered(run: CoreRun) -> bool:
    """Whether the estimates against the first grow as the truth does."""
    found = [1.0, *(one.ratio for name in SHARES if name != BASE if (one := _of_base(run, name)) is not None)]
    return len(found) == len(SHARES) and all(low < high for low, high in itertools.pairwise(found))


def _of_base(run: CoreRun, setup: str) -> CoreVerdict | None:
    """The verdict on a setup against the first, by the metric whose order is known."""
    found = (one for one in run.pairs if (one.base, one.head, one.metric) == (BASE, setup, ORDERED))
    return next(found, None)


# --- runs of the same ----------------------------------------------------------------------------

Question = tuple[str, str, str, str]
"""Scenario, base, head and metric."""


def agreement(runs: Sequence[CoreRun], *, of_standings: bool) -> Rate:
    """The questions on which all runs say the same, of those that every run answers."""
    answers = _answers(runs, of_standings=of_standings)
    return Rate(sum(len({_read(one) for one in said}) == 1 for said in answers.values()), len(answers))


def contradictions(runs: Sequence[CoreRun]) -> tuple[Question, ...]:
    """The pairs that are better in one run and worse in another."""
    answers = _answers(runs, of_standings=False)
    return tuple(question for question, said in answers.items() if {"better", "worse"} <= set(said))


def _answers(runs: Sequence[CoreRun], *, of_standings: bool) -> Mapping[Question, list[str]]:
    found: defaultdict[Question, list[str]] = defaultdict(list)
    for run in runs:
        for one in run.standings if of_standings else run.pairs:
            found[one.scenario, one.base, one.head, one.metric].append(one.verdict)
    return {question: said for question, said in found.items() if len(said) == len(runs)}


def _read(verdict: str) -> str:
    """The best is the same as the best: which of several equals is named first is no matter."""
    return "same" if verdict == "best" else verdict
