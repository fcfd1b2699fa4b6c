"""The database, by tier and by variant: reads of the seeded items 1 to 1000, and a counter."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from scenarios.model import Flow, Request, Scenario, contains
from scenarios.ping import ping
from scenarios.single import Always, one_of

_SEED_ROWS = 1000
_LIMIT = 50

_checks = [contains(b'{"id":%d,' % item_id) for item_id in range(1, _SEED_ROWS + 1)]
_counted = contains(b'{"value":')
_last_of_page = contains(b'{"id":%d,' % _LIMIT)


def _reads(path: str) -> Callable[[Random], Flow]:
    """A flow that reads one seeded item; all reads share a label, the path without its query."""
    return one_of(
        [Request("GET", f"{path}?id={number}", check=check) for number, check in enumerate(_checks, 1)]
    )


db_orm_async = _reads("/bench/db/orm/async")
db_orm_sync = _reads("/bench/db/orm/sync")
db_core_async = _reads("/bench/db/core/async")
db_core_sync = _reads("/bench/db/core/sync")
db_raw_async = _reads("/bench/db/raw/async")
db_raw_sync = _reads("/bench/db/raw/sync")
db_orm_misuse = _reads("/bench/db/misuse")
db_list_async = Always(Request("GET", f"/bench/db/list/async?limit={_LIMIT}", check=_last_of_page))
db_list_sync = Always(Request("GET", f"/bench/db/list/sync?limit={_LIMIT}", check=_last_of_page))
db_counter_async = Always(Request("POST", "/bench/db/counter/async", check=_counted))
db_counter_sync = Always(Request("POST", "/bench/db/counter/sync", check=_counted))

SCENARIOS = {
    "db-orm-async": Scenario(
        "db-orm-async", db_orm_async, about="One item through the ORM and an async driver.", victim=ping
    ),
    "db-orm-sync": Scenario(
        "db-orm-sync",
        db_orm_sync,
        about="One item through the ORM and a sync driver, in a thread.",
        victim=ping,
    ),
    "db-core-async": Scenario(
        "db-core-async", db_core_async, about="One row through Core and an async driver."
    ),
    "db-core-sync": Scenario(
        "db-core-sync", db_core_sync, about="One row through Core and a sync driver, in a thread."
    ),
    "db-raw-async": Scenario("db-raw-async", db_raw_async, about="One row, straight from an async driver."),
    "db-raw-sync": Scenario(
        "db-raw-sync", db_raw_sync, about="One row, straight from a sync driver, in a thread."
    ),
    "db-orm-misuse": Scenario(
        "db-orm-misuse",
        db_orm_misuse,
        about="One item through a sync driver inside an async endpoint: the classic mistake.",
        victim=ping,
    ),
    "db-list-async": Scenario(
        "db-list-async", db_list_async, about="50 items through the ORM and an async driver."
    ),
    "db-list-sync": Scenario(
        "db-list-sync", db_list_sync, about="50 items through the ORM and a sync driver, in a thread."
    ),
    "db-counter-async": Scenario(
        "db-counter-async",
        db_counter_async,
        about="Everybody adds one to the same row, through an async driver.",
    ),
    "db-counter-sync": Scenario(
        "db-counter-sync",
        db_counter_sync,
        about="Everybody adds one to the same row, through a sync driver, in a thread.",
    ),
}
