"""Critical values of families, against Student's and Dunnett's tables and a simulation of another making."""

from __future__ import annotations

import math
from random import Random

import pytest

from bench.stats.families import dunnett_critical
from bench.stats.student_t import critical_t


@pytest.mark.parametrize("rounds", [2, 3, 6, 30])
def test_one_comparison_is_students(rounds: int) -> None:
    assert dunnett_critical(1, rounds) == critical_t(0.05, rounds - 1)


DUNNETT_NORMAL = {1: 1.96, 3: 2.35, 7: 2.61}
"""Two-sided 5 %, infinitely many degrees of freedom (Dunnett, Biometrics 20, 1964, table II)."""


@pytest.mark.parametrize(("comparisons", "table"), DUNNETT_NORMAL.items())
def test_with_many_rounds_it_nears_dunnetts_table(comparisons: int, table: float) -> None:
    """By 60 rounds t of 59 degrees of freedom is 2 % over the normal's, and more in the tails of large families."""
    assert table < dunnett_critical(comparisons, 200) < 1.06 * table


DUNNETT_5 = {2: 3.03, 3: 3.29, 5: 3.62, 7: 3.82}
"""Two-sided 5 %, 5 degrees of freedom, one variance for all (the same table)."""


@pytest.mark.parametrize(("comparisons", "table"), DUNNETT_5.items())
def test_variances_of_their_own_want_more_than_a_common_one(comparisons: int, table: float) -> None:
    """Each |t| has a denominator of its own, so that the largest of them reaches further; below Bonferroni's bound."""
    assert table < dunnett_critical(comparisons, 6) < critical_t(0.05 / comparisons, 5)


def test_a_simulation_of_another_making_agrees() -> None:
    """3 comparisons, 6 rounds, by hand: the share of families whose largest |t| lies beyond is 5 %."""
    rng, critical, families, beyond = Random(4), dunnett_critical(3, 6), 6000, 0
    for _ in range(families):
        base = [rng.gauss(0, 1) for _ in range(6)]
        for _ in range(3):
            logs = [rng.gauss(0, 1) - its for its in base]
            mean = sum(logs) / 6
            error = math.sqrt(sum((log - mean) ** 2 for log in logs) / 5 / 6)
            if abs(mean) > critical * error:
                beyond += 1
                break
    assert 0.042 < beyond / families < 0.058


def test_larger_families_and_fewer_rounds_reach_further() -> None:
    by_family = [dunnett_critical(count, 6) for count in (1, 2, 4, 7)]
    by_rounds = [dunnett_critical(4, rounds) for rounds in (3, 4, 6, 10, 30)]
    assert by_family == sorted(by_family)
    assert by_rounds == sorted(by_rounds, reverse=True)


def test_one_round_has_no_interval() -> None:
    with pytest.raises(ValueError, match="two rounds"):
        dunnett_critical(3, 1)
