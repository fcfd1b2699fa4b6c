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
