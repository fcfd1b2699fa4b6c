"""Workloads that show the cost of a server's features; each also runs against a server without them."""

from __future__ import annotations

import json
from random import Random

from scenarios.model import Flow, Request, Response, Scenario, contains
from scenarios.single import Always, one_of, with_headers
from scenarios.users import login_headers_where_needed

_SEED_ROWS = 1000
_BODY_BYTES = 16_384

_reads = [
    Request(
        "GET",
        f"/api/v1/items/{number}",
        name="GET /api/v1/items/{id}",
        check=contains(b'{"id":%d,"name":' % number),
    )
    for number in range(1, _SEED_ROWS + 1)
]
_cached = [
    Request(
        "GET",
        f"/bench/cache/{number}",
        name="GET /bench/cache/{id}",
        check=contains(b'{"id":%d,"name":' % number),
    )
    for number in range(1, _SEED_ROWS + 1)
]


def _is_text(response: Response) -> bool:
    return len(response.body) == _BODY_BYTES and response.body.startswith(b"0: the")


def items_read(rng: Random) -> Flow:
    """One seeded item, with a token if the server requires one."""
    headers = yield from login_headers_where_needed(rng)
    if headers is not None:
        yield with_headers(_reads[int(rng.random() * _SEED_ROWS)], headers)


def cache_revalidate(rng: Random) -> Flow:
    """An item, then the same again: a server that tags its responses need not send it twice."""
    request = _cached[int(rng.random() * _SEED_ROWS)]
    first = yield request
    tag = first.header("ETag")
    if tag is not None:
        again = with_headers(request, (("If-None-Match", tag),))
        yield again._replace(expect=304, check=None, name="GET /bench/cache/{id} again")


def reports(rng: Random) -> Flow:
    """Request a report, then read it."""
    headers = yield from login_headers_where_needed(rng)
    if headers is None:
        return
    asked = yield with_headers(_report, headers)
    if asked.status == 202:
        path = f"/reports/{json.loads(asked.body)['id']}"
        yield with_headers(
            Request("GET", path, name="GET /reports/{id}", check=contains(b'"status":"')), headers
        )


_report = Request("POST", "/reports", expect=202, check=contains(b'"status":"pending"'))
cache_read = one_of(_cached)
gzip = Always(
    Request(
        "GET",
        f"/bench/gzip?size={_BODY_BYTES}",
        headers=(("Accept-Encoding", "gzip"),),
        check=_is_text,
    )
)
limited = Always(Request("GET", "/bench/limited", check=contains(b'"let in"')))

SCENARIOS = {
    "items-read": Scenario(
        "items-read", items_read, about="One item of the API, with a token where one is needed."
    ),
    "cache-read": Scenario("cache-read", cache_read, about="One item, from the cache where there is one."),
    "cache-revalidate": Scenario(
        "cache-revalidate", cache_revalidate, about="One item, then whether it is still the same."
    ),
    "gzip": Scenario("gzip", gzip, about="16 KiB of text that can be compressed."),
    "limited": Scenario("limited", limited, about="A constant behind the limiter, where there is one."),
    "reports": Scenario(
        "reports", reports, about="A report that is made in the background, and a look at it."
    ),
}
