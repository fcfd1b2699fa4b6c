"""The life of an item: created, read, changed, listed, deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from scenarios.model import Flow, Request, Scenario, contains, json_request

_VARIETY = 256

_named = contains(b'"name":"load item ')
_repriced = contains(b'"price":1.5,')
_newest_first = contains(b'[{"id":')


def _life_at(root: str) -> Callable[[Random], Flow]:
    """A flow of five requests; it ends early if the item cannot be created."""
    creations = [
        json_request("POST", root, {"name": f"load item {n}", "price": n / 4}, expect=201, check=_named)
        for n in range(_VARIETY)
    ]
    change = json_request("PATCH", root, {"price": 1.5}, name=f"PATCH {root}/{{id}}", check=_repriced)
    listing = Request("GET", f"{root}?limit=20&sort=-id", check=_newest_first)
    one = f"{root}/{{id}}"

    def flow(rng: Random) -> Flow:
        created = yield creations[int(rng.random() * _VARIETY)]
        if created.status != 201:
            return
        path = f"{root}/{json.loads(created.body)['id']}"
        yield Request("GET", path, name=f"GET {one}", check=_named)
        yield change._replace(path=path)
        yield listing
        yield Request("DELETE", path, name=f"DELETE {one}", expect=204)

    return flow


items_crud = _life_at("/api/v1/items")
items_crud_sync = _life_at("/api/v1/sync/items")

SCENARIOS = {
    "items-crud": Scenario(
        "items-crud", items_crud, about="Create, read, change, list and delete an item through the async API."
    ),
    "items-crud-sync": Scenario(
        "items-crud-sync", items_crud_sync, about="The same life of an item through the sync API."
    ),
}
