from __future__ import annotations

import pytest

from tests.bench.locust.by_hand import ByHand, lay_out
from tests.bench.locust.gevented import evaluate

MADE = """
from random import Random
from bench.locust.choice import tagged, usual
from bench.locust.classes import user_classes
from scenarios import SCENARIOS

def made(*scenarios):
    return list(user_classes(scenarios, "fast").values())

def names(kinds):
    return [kind.scenario.name for kind in kinds]

SHIPPED = made(*SCENARIOS.values())
OWN = [Scenario("mine", HOME), Scenario("yours", HOME, tags=("smoke",), costly=True)]
"""


def test_the_journeys_run_unless_others_are_named() -> None:
    assert evaluate(MADE + "give(names(usual(SHIPPED)))") == [
        "journey-browser",
        "journey-editor",
        "journey-shop",
    ]


def test_a_users_own_scenarios_come_before_the_shipped_journeys() -> None:
    assert evaluate(MADE + "give(names(usual(SHIPPED + made(*OWN))))") == ["mine", "yours"]


def test_a_users_own_journeys_come_before_the_other_scenarios() -> None:
    code = """
marked = [Scenario("journey-a", HOME), Scenario("b", HOME, tags=("journey",)), Scenario("c", HOME)]
give(names(usual(SHIPPED + made(*marked))))
"""
    assert evaluate(MADE + code) == ["journey-a", "b"]


@pytest.mark.parametrize(
    ("tags", "exclude_tags", "expected"),
    [
        ((), (), ["mine", "yours", "journey-editor", "io-misuse"]),
        (("smoke",), (), ["yours"]),
        (("costly", "misuse"), (), ["yours", "journey-editor", "io-misuse"]),
        ((), ("costly",), ["mine", "io-misuse"]),
        (("costly",), ("journey",), ["yours"]),
        (("io",), (), ["io-misuse"]),
        (("nothing",), (), []),
    ],
)
def test_tags_are_groups_variants_and_words_of_the_author(
    tags: tuple[str, ...], exclude_tags: tuple[str, ...], expected: list[str]
) -> None:
    code = f"""
some = made(*OWN, SCENARIOS["journey-editor"], SCENARIOS["io-misuse"])
give(names(tagged(some, {tags!r}, {exclude_tags!r})))
"""
    assert evaluate(MADE + code) == expected


def test_a_run_without_names_has_journeys_with_pauses_and_one_with_tags_has_those_that_they_name(
    by_hand: ByHand,
) -> None:
    lay_out(by_hand.folder, journeys=True)
    outcome = by_hand.run("-u", "8", "-r", "8", "--run-time", "3s")
    assert set(outcome.left[0]["classes"]) == {"JourneyShopUser", "JourneyGuestUser"}
    assert {"page", "next page"} <= set(outcome.entries)
    assert len(outcome.times_ms) < 8 * 3 * 10  # a session a second, of three requests at the most
    assert len(outcome.times_ms) == by_hand.peer.seen["/ok"]

    before = by_hand.peer.seen["/ok"]
    outcome = by_hand.run("--tags", "half")
    assert outcome.left[0]["classes"] == ["HalfUser"]
    assert set(outcome.entries) == {"/half"}
    assert by_hand.peer.seen["/ok"] == before
