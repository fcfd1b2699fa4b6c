"""What counts of a part file, which is luck and which is not."""

from __future__ import annotations

import statistics
from random import Random

import pytest

from bench.gates.exact.figures import count_instructions, noise

PART = """summary: {total}

ob=libpython3.11.so.1.0
fn=_PyEval_EvalFrameDefault
0 600
cfn=_PyObject_Malloc
calls=10 0
0 {malloc}
cfn=_PyObject_Free
calls=9 0
0 {free}
cfn=find_name_in_mro
calls=2 0
0 {misses}

fn=_PyObject_Malloc
0 {malloc}

fn=_PyObject_Free
0 {free}

fn=find_name_in_mro
0 {misses}
totals: {total}
"""
ONE_EACH = 600 + 10 * 22 + 9 * 38


def part(malloc: int, free: int, misses: int) -> str:
    return PART.format(total=600 + malloc + free + misses, malloc=malloc, free=free, misses=misses)


def test_the_ways_behind_a_call_are_paid_for_with_it() -> None:
    refilled = part(220, 342, 80).replace(
        "totals: 1242", "\nfn=allocate_from_new_pool\n0 500\n\ntotals: 1742"
    )
    assert count_instructions(refilled) == (ONE_EACH, 2)


@pytest.mark.parametrize(
    "luck", [(220, 342, 80), (220, 414, 80), (251, 342, 300)], ids=["none", "full pools", "both, and lookups"]
)
def test_what_memory_and_lookups_happen_to_take_is_not_counted(luck: tuple[int, int, int]) -> None:
    assert count_instructions(part(*luck)) == (ONE_EACH, 2)


def test_another_allocation_is_counted() -> None:
    more = part(242, 342, 80).replace("calls=10", "calls=11")
    assert count_instructions(more) == (ONE_EACH + 22, 2)


def test_of_a_python_without_symbols_everything_counts() -> None:
    plain = part(300, 400, 0)
    for name in ("_PyObject_Malloc", "_PyObject_Free", "find_name_in_mro"):
        plain = plain.replace(name, "0x0000000000123456")
    assert count_instructions(plain) == (600 + 300 + 400, 0)


def test_the_noise_of_a_median_by_hand() -> None:
    """The median is 3, the distances from it 2, 1, 0, 1 and 97: 1.2533 x 1.4826 x 1 / sqrt(5), whatever the 100 is."""
    assert noise([1, 2, 3, 4, 100]) == pytest.approx(0.83099, rel=1e-4)
    assert noise([1, 2, 3, 4, 10**9]) == noise([1, 2, 3, 4, 100])
    assert noise([7, 7, 7]) == 0


def test_the_noise_of_a_median_is_how_far_medians_spread() -> None:
    """Of 2,000 samples of 41 from a normal distribution the medians spread as much as each sample says, within 5 %."""
    rng = Random(1)
    samples = [[rng.gauss(100, 5) for _ in range(41)] for _ in range(2000)]
    spread = statistics.stdev(map(statistics.median, samples))
    assert statistics.fmean(map(noise, samples)) == pytest.approx(spread, rel=0.05)
