"""Sessions in proportions: kept exactly by every deck of every user, and repeated by a seed."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.mistakes import ScenarioError
from scenarios.mix import Mix
from scenarios.model import Flow, Request, requests_of


def flow_of(name: str) -> Any:
    def flow(rng: Random, state: object = "") -> Flow:
        yield Request("GET", f"/{name}{state}")

    return flow


def played(mix: Mix, rng: Random, sessions: int, *state: object) -> list[str]:
    return [next(requests_of(mix(rng, *state))).path for _ in range(sessions)]


@settings(max_examples=50, derandomize=True, database=None)
@given(
    weights=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    decks=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_every_deck_has_the_proportions(weights: list[int], decks: int, seed: int) -> None:
    mix = Mix(*((weight, flow_of(str(number))) for number, weight in enumerate(weights)))
    counted = Counter(played(mix, Random(seed), decks * sum(weights)))
    assert counted == {f"/{number}": decks * weight for number, weight in enumerate(weights)}


def test_proportions_hold_as_early_as_they_can() -> None:
    mix = Mix((80, flow_of("a")), (20, flow_of("b")))
    rng = Random(3)
    for _ in range(20):
        assert Counter(played(mix, rng, 5)) == {"/a": 4, "/b": 1}


def test_a_seed_repeats_the_order_and_users_differ() -> None:
    mix = Mix((10, flow_of("a")), (10, flow_of("b")))
    first, again, other = (played(mix, Random(seed), 40) for seed in (1, 1, 2))
    assert first == again != other


def test_users_do_not_share_a_deck() -> None:
    mix = Mix((1, flow_of("a")), (1, flow_of("b")))
    one, other = Random(1), Random(2)
    for _ in range(10):
        played(mix, other, 3)
        assert Counter(played(mix, one, 2)) == {"/a": 1, "/b": 1}


def test_state_of_a_user_reaches_the_flow() -> None:
    assert played(Mix((1, flow_of("a"))), Random(0), 1, "-ada") == ["/a-ada"]


@pytest.mark.parametrize(
    ("weighted", "sentence"),
    [
        ((), "a Mix of nothing"),
        (((0, flow_of("a")),), "is 0: give whole numbers above 0"),
        (((0.5, flow_of("a")),), "is 0.5"),
        (((True, flow_of("a")),), "is True"),
        (((1, "a"),), "a flow of a Mix is a str"),
        ((flow_of("a"),), "give pairs"),
        (((1, flow_of("a")), (99_999, flow_of("b"))), "add up to 100000"),
    ],
)
def test_what_is_no_mix_is_refused(weighted: Any, sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Mix(*weighted)
    assert sentence in caught.value.message
