from __future__ import annotations

import pytest

from tests.bench.locust.gevented import evaluate

MADE = """
from bench.errors import UsageError
from bench.locust.classes import user_classes
"""


@pytest.mark.parametrize(("client", "base"), [("fast", "FastHttpUser"), ("http", "HttpUser")])
def test_a_class_has_the_name_and_the_words_of_its_scenario_and_the_wanted_client(
    client: str, base: str
) -> None:
    code = f"""
((name, kind),) = user_classes([Scenario("list-items", HOME, about="Lists.")], {client!r}).items()
give([name, kind.__name__, kind.__doc__, kind.abstract, [base.__name__ for base in kind.__mro__]])
"""
    *facts, bases = evaluate(MADE + code)
    assert facts == ["ListItemsUser", "ListItemsUser", "Lists.", False]
    assert base in bases


def test_names_that_are_alike_get_numbers() -> None:
    code = """
alike = [Scenario(name, HOME) for name in ("list-items", "list_items", "LIST ITEMS", "listitems")]
give(list(user_classes(alike, "fast")))
"""
    names = evaluate(MADE + code)
    assert names == ["ListItemsUser", "ListItems2User", "ListItems3User", "ListitemsUser"]


def test_an_unknown_client_is_refused_with_the_one_that_was_meant() -> None:
    code = """
try:
    user_classes([], "fats")
except UsageError as error:
    give(str(error))
"""
    assert evaluate(MADE + code) == "unknown client 'fats'; did you mean 'fast'?"


TASKS = """
from scenarios.mix import Mix

def browse(rng):
    yield Request("GET", "/")

def buy(rng):
    yield Request("GET", "/buy")

SHOP = Scenario("journey-shop", Mix((60, browse), (20, buy)), tags=("smoke",), costly=True)

def tasks(scenario, **more):
    (kind,) = user_classes([scenario], "fast", **more).values()
    return kind, sorted(task.__name__ for task in kind.tasks)
"""


def test_a_mix_has_a_task_for_each_kind_of_session_with_its_weight_and_tags() -> None:
    code = """
kind, names = tasks(SHOP)
give([names, sorted(kind.tasks[0].locust_tag_set), kind.think_seconds])
"""
    names, tags, think_s = evaluate(MADE + TASKS + code)
    assert names == ["browse", "browse", "browse", "buy"]
    assert tags == ["costly", "journey", "shop", "smoke"]
    assert think_s == 1.0


def test_as_an_engine_a_mix_plays_its_deck_without_pauses() -> None:
    code = """
kind, names = tasks(SHOP, is_engine=True)
give([names, kind.think_seconds])
"""
    assert evaluate(MADE + TASKS + code) == [["session"], 0.0]


def test_the_gear_has_fields_for_pause_pace_and_time_limit() -> None:
    code = "kind, _ = tasks(Scenario('list-items', HOME)); give(kind.json())"
    fields = evaluate(MADE + TASKS + code)
    assert {
        name: fields[name] for name in ("think_seconds", "pace_seconds", "network_timeout", "weight")
    } == {
        "think_seconds": 0.0,
        "pace_seconds": 0.0,
        "network_timeout": 60.0,
        "weight": 1,
    }


def test_journeys_get_users_in_the_proportions_of_the_one_that_mixes_them() -> None:
    code = """
from scenarios import SCENARIOS
kinds = user_classes(SCENARIOS.values(), "fast").values()
give({kind.scenario.name: kind.weight for kind in kinds if kind.weight != 1})
"""
    weights = evaluate(MADE + code)
    assert weights == {"journey-browser": 40, "journey-editor": 9, "journey-shop": 50}


def test_a_mix_that_is_no_journey_changes_no_weight() -> None:
    code = """
from scenarios.mix import Mix
BUY = Always(Request("POST", "/buy"))
made = [Scenario("peak", Mix((3, HOME), (1, BUY))), Scenario("home", HOME), Scenario("buy", BUY)]
give([kind.weight for kind in user_classes(made, "fast").values()])
"""
    assert evaluate(MADE + code) == [1, 1, 1]
