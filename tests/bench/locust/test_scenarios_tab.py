from __future__ import annotations

import httpx

from tests.bench.locust.by_hand import ByHand, lay_out
from tests.bench.locust.gevented import evaluate


def test_a_row_says_what_a_class_does_and_which_requests_its_sessions_have() -> None:
    code = """
from bench.locust.classes import user_classes
from bench.locust.scenarios_tab import rows_of

one = Scenario("list-items", HOME, about="Lists.", tags=("smoke",), costly=True)
(kind,) = user_classes([one], "fast").values()
before = list(rows_of([kind, object], {}))
kind.labels.add("GET /late")
give([before[0]["requests"], list(rows_of([kind], {"list-items": frozenset({"GET /"})}))])
"""
    before, rows = evaluate(code)
    assert before == "seen as they run: they depend on the answers"
    assert rows == [
        {
            "user": "ListItemsUser",
            "about": "Lists.",
            "group": "list",
            "variant": "items",
            "tags": "costly, items, list, smoke",
            "requests": "GET /, GET /late",
        }
    ]


def test_the_tab_has_each_class_that_can_be_ticked(by_hand: ByHand) -> None:
    lay_out(by_hand.folder, journeys=True)
    with by_hand.page("--tags", "journey", "ok") as page:
        tables = httpx.get(f"{page}/stats/requests").json()["extended_stats"]
    (rows,) = [table["data"] for table in tables if table["key"] == "scenarios"]
    names = {row["user"]: row for row in rows}
    assert {"JourneyShopUser", "JourneyBrowserUser", "OkUser"} <= set(names)
    assert "HalfUser" not in names
    assert names["OkUser"]["requests"] == "GET /ok"
