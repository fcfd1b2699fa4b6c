"""Sessions of people: browsing, editing items of their own, and both in the proportions of a shop."""

from __future__ import annotations

import json
from random import Random

from scenarios.mix import Mix
from scenarios.model import Flow, Request, Scenario, contains, json_request
from scenarios.single import with_headers
from scenarios.users import log_in, login_headers, login_headers_where_needed

_ROOT = "/api/v1/items"
_ITEM = f"{_ROOT}/{{id}}"
_SEED_ROWS = 1000
_PAGE = 20
_WORDS = (
    "anvil",
    "basket",
    "candle",
    "drawer",
    "easel",
    "flask",
    "globe",
    "hinge",
    "inkwell",
    "jar",
    "kettle",
)

_listed = contains(b'[{"id":')
_named = contains(b'"name":"mine"')
_repriced = contains(b'"price":1.5,')
_creation = json_request("POST", _ROOT, {"name": "mine", "price": 9.25}, expect=201, check=_named)
_change = json_request("PATCH", _ROOT, {"price": 1.5}, name=f"PATCH {_ITEM}", check=_repriced)


def browse(rng: Random) -> Flow:
    """A page, an item of it, a search, and a popular item."""
    headers = yield from login_headers_where_needed(rng)
    if headers is None:
        return
    page = int(rng.random() * (_SEED_ROWS // _PAGE))
    item_id = page * _PAGE + 1 + int(rng.random() * _PAGE)
    word = _WORDS[int(rng.random() * len(_WORDS))]
    popular = 1 + int(rng.random() ** 3 * _SEED_ROWS)
    for request in (
        Request("GET", f"{_ROOT}?limit={_PAGE}&offset={page * _PAGE}", check=_listed),
        Request("GET", f"{_ROOT}/{item_id}", name=f"GET {_ITEM}", check=contains(b'{"id":%d,' % item_id)),
        Request("GET", f"{_ROOT}?q={word}", name=f"GET {_ROOT} (search)", check=contains(word.encode())),
        Request("GET", f"/bench/cache/{popular}", name="GET /bench/cache/{id}", check=contains(b'{"id":')),
    ):
        yield with_headers(request, headers)


def edit(rng: Random) -> Flow:
    """A user's own item: created, changed, read back, and deleted; the first session logs in."""
    headers = yield from login_headers(rng)
    if headers is None:
        return
    created = yield with_headers(_creation, headers)
    if created.status != 201:
        return
    path = f"{_ROOT}/{json.loads(created.body)['id']}"
    yield with_headers(_change._replace(path=path), headers)
    yield with_headers(Request("GET", path, name=f"GET {_ITEM}", check=_repriced), headers)
    yield with_headers(Request("DELETE", path, name=f"DELETE {_ITEM}", expect=204), headers)


shop = Mix((80, browse), (18, edit), (2, log_in))
"""The number of sessions of each kind in a hundred."""

SCENARIOS = {
    "journey-browser": Scenario(
        "journey-browser", browse, about="A page, an item, a search, and a cached item."
    ),
    "journey-editor": Scenario(
        "journey-editor",
        edit,
        about="An item of one's own, from its creation to its end; one login a user.",
        costly=True,
    ),
    "journey-shop": Scenario(
        "journey-shop", shop, about="Of 100 sessions 80 look around, 18 edit, and 2 log in with a password."
    ),
}
