"""Orders of lanes: whole, families together, every second one the other way round."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, islice
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plan.rotations import orders

families = st.lists(st.sampled_from("abc"), min_size=1, max_size=8)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(families, st.integers(0, 99))
def test_each_order_has_every_lane_and_keeps_families_together(drawn: list[str], seed: int) -> None:
    lanes = list(range(len(drawn)))
    for order in islice(orders(lanes, drawn, Random(seed)), 6):
        assert sorted(order) == lanes
        runs = [family for family, _ in groupby(order, lambda lane: drawn[lane])]
        assert len(runs) == len(set(drawn))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(families, st.integers(0, 99))
def test_in_each_two_rotations_every_lane_comes_as_early_as_late(drawn: list[str], seed: int) -> None:
    found = list(islice(orders(range(len(drawn)), drawn, Random(seed)), 8))
    for there, back in zip(found[::2], found[1::2], strict=True):
        assert back == there[::-1]
        assert {there.index(lane) + back.index(lane) for lane in there} == {len(drawn) - 1}


def test_lanes_and_families_change_places_at_random() -> None:
    """Of 400 draws each of two families, and each of a family's two lanes, comes first in about half (6 sigma)."""
    drawn = list(islice(orders("abcd", "xxyy", Random(1)), 0, 800, 2))
    firsts = Counter(order[0] for order in drawn)
    assert all(48 < firsts[lane] < 152 for lane in "abcd")
    assert len({"".join(order) for order in drawn}) == 8


def test_the_seed_decides() -> None:
    one, again, other = (list(islice(orders("abcdef", "xxxyyy", Random(seed)), 10)) for seed in (1, 1, 2))
    assert one == again != other
