"""Endpoints that wait 10 ms for something slow: the right way, the mistake, and its repair."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.ping import ping
from scenarios.single import Always

_MS = 10
_CALLS = 5

_waited_once = contains(b'{"calls":1,"ms":%d}' % _MS)
_waited_often = contains(b'{"calls":%d,"ms":%d}' % (_CALLS, _MS))

io_async = Always(Request("GET", f"/bench/io/async?ms={_MS}", check=_waited_once))
io_sync = Always(Request("GET", f"/bench/io/sync?ms={_MS}", check=_waited_once))
io_misuse = Always(Request("GET", f"/bench/io/misuse?ms={_MS}", check=_waited_once))
io_offload = Always(Request("GET", f"/bench/io/offload?ms={_MS}", check=_waited_once))
io_fanout_async = Always(Request("GET", f"/bench/io/fanout/async?n={_CALLS}&ms={_MS}", check=_waited_often))
io_fanout_sync = Always(Request("GET", f"/bench/io/fanout/sync?n={_CALLS}&ms={_MS}", check=_waited_often))

SCENARIOS = {
    "io-async": Scenario(
        "io-async", io_async, about="10 ms of waiting, awaited on the event loop.", victim=ping
    ),
    "io-sync": Scenario(
        "io-sync", io_sync, about="10 ms of waiting in a plain function, run in a thread.", victim=ping
    ),
    "io-misuse": Scenario(
        "io-misuse",
        io_misuse,
        about="10 ms of blocking inside an async endpoint: the classic mistake.",
        victim=ping,
    ),
    "io-offload": Scenario(
        "io-offload",
        io_offload,
        about="10 ms of blocking that an async endpoint sends to a thread.",
        victim=ping,
    ),
    "io-fanout-async": Scenario(
        "io-fanout-async", io_fanout_async, about="Five waits of 10 ms at once, in a task group.", victim=ping
    ),
    "io-fanout-sync": Scenario(
        "io-fanout-sync",
        io_fanout_sync,
        about="Five waits of 10 ms, one after the other, in a thread.",
        victim=ping,
    ),
}
