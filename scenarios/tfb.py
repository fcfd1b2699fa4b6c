"""TechEmpower's seven test types, which have published figures for every framework."""

from __future__ import annotations

import json

from scenarios.model import Check, Request, Response, Scenario, contains
from scenarios.single import Always

_QUERIES = 20
"""The largest number of queries in their published figures."""
_CACHED = 100

_greeting = contains(b"Hello, World!")
_world = contains(b'"randomNumber":')
_fortune = contains(b"<td>0</td><td>Additional fortune added at request time.</td>")


def _worlds(count: int) -> Check:
    def check(response: Response) -> bool:
        return len(json.loads(response.body)) == count

    return check


tfb_json = Always(Request("GET", "/tfb/json", check=_greeting))
tfb_plaintext = Always(Request("GET", "/tfb/plaintext", check=_greeting))
tfb_db = Always(Request("GET", "/tfb/db", check=_world))
tfb_queries = Always(Request("GET", f"/tfb/queries?queries={_QUERIES}", check=_worlds(_QUERIES)))
tfb_fortunes = Always(Request("GET", "/tfb/fortunes", check=_fortune))
tfb_updates = Always(Request("GET", f"/tfb/updates?queries={_QUERIES}", check=_worlds(_QUERIES)))
tfb_cached_queries = Always(Request("GET", f"/tfb/cached-queries?count={_CACHED}", check=_worlds(_CACHED)))

SCENARIOS = {
    "tfb-json": Scenario("tfb-json", tfb_json, about="TechEmpower: a greeting as JSON."),
    "tfb-plaintext": Scenario("tfb-plaintext", tfb_plaintext, about="TechEmpower: a greeting as plain text."),
    "tfb-db": Scenario("tfb-db", tfb_db, about="TechEmpower: one random row."),
    "tfb-queries": Scenario("tfb-queries", tfb_queries, about="TechEmpower: 20 random rows, by 20 queries."),
    "tfb-fortunes": Scenario(
        "tfb-fortunes",
        tfb_fortunes,
        about="TechEmpower: a page of fortunes from the database and a template.",
    ),
    "tfb-updates": Scenario(
        "tfb-updates", tfb_updates, about="TechEmpower: 20 random rows, read and written back."
    ),
    "tfb-cached-queries": Scenario(
        "tfb-cached-queries", tfb_cached_queries, about="TechEmpower: 100 random rows, from memory."
    ),
}
