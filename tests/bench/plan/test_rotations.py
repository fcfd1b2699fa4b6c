"""Families of lanes by their pace; orders: families together, every second one of a family the other way round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plan.rotations import LaneFamily, families, orders

names = st.lists(st.sampled_from("abc"), min_size=1, max_size=8)


def drawn(lanes: Sequence[str], of: Sequence[str], count: int, seed: int = 1) -> list[list[str]]:
    """So many orders of lanes whose turns all take 10 ms."""
    rng = Random(seed)
    return list(islice(orders(families(lanes, of, [0.01] * len(lanes), rng), rng), count))


@pytest.mark.parametrize(
    ("turns_s", "every"),
    [
        ([0.02, 0.03], 1),
        ([0.02, 0.08], 2),
        ([0.08, 0.10], 4),
        ([0.15], 8),
        ([60.0], 16),
    ],
    ids=["both quick", "0.05 s in the mean", "0.09 s", "0.15 s", "a minute"],
)
def test_slow_families_take_part_seldom(turns_s: list[float], every: int) -> None:
    """The next power of 2 by the logarithm: a lane gets 25 ms of each rotation on average, or 18 to 35 ms."""
    (found,) = families(range(len(turns_s)), "x" * len(turns_s), turns_s, Random(1))
    assert found.every == every
    assert 0 <= found.first < every


@settings(max_examples=80, derandomize=True, deadline=None)
@given(names, st.integers(0, 99))
def test_each_order_has_every_quick_lane_and_keeps_families_together(of: list[str], seed: int) -> None:
    lanes = [f"{name}{place}" for place, name in enumerate(of)]
    for order in drawn(lanes, of, 6, seed):
        assert sorted(order) == sorted(lanes)
        runs = [family for family, _ in groupby(order, lambda lane: lane[0])]
        assert len(runs) == len(set(of))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(1, 8), st.integers(0, 99))
def test_in_each_two_turns_every_lane_of_a_family_comes_as_early_as_late(count: int, seed: int) -> None:
    lanes = [str(place) for place in range(count)]
    found = drawn(lanes, "x" * count, 8, seed)
    for there, back in zip(found[::2], found[1::2], strict=True):
        assert back == there[::-1]


def test_a_slow_family_has_its_rotations_with_all_of_its_members() -> None:
    slow, quick = LaneFamily(("a", "b"), every=4, first=3), LaneFamily(("c",))
    found = list(islice(orders((slow, quick), Random(1)), 12))
    assert [sorted(order) for order in found] == [
        ["a", "b", "c"] if number in (0, 3, 7, 11) else ["c"] for number in range(12)
    ]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.floats(0.001, 2.0), min_size=2, max_size=6), st.integers(0, 99))
def test_a_slow_family_meets_every_quicker_one_in_all_of_its_rotations(
    turns_s: list[float], seed: int
) -> None:
    rng = Random(seed)
    found = families(range(len(turns_s)), list(range(len(turns_s))), turns_s, rng)
    every = {member: family.every for family in found for member in family.members}
    for order in islice(orders(found, rng), 1, 33):
        slowest = max((every[member] for member in order), default=1)
        assert all(member in order for member in every if every[member] <= slowest)


def test_lanes_and_families_change_places_at_random() -> None:
    """Of 400 draws each of two families, and each of a family's two lanes, comes first in about half (6 sigma)."""
    found = drawn("abcd", "xxyy", 800)[::2]
    firsts = Counter(order[0] for order in found)
    assert all(48 < firsts[lane] < 152 for lane in "abcd")
    assert len({"".join(order) for order in found}) == 8


def test_the_seed_decides() -> None:
    one, again, other = (drawn("abcdef", "xxxyyy", 10, seed) for seed in (1, 1, 2))
    assert one == again != other
