"""Server-sent events: five of them, 5 ms apart."""

from __future__ import annotations

from scenarios.events import Event, read_events
from scenarios.model import Request, Response, Scenario
from scenarios.single import Always

_EVENTS, _MS = 5, 5
_EXPECTED = [Event(f'{{"number":{number}}}', "tick", str(number)) for number in range(1, _EVENTS + 1)]


def _complete(response: Response) -> bool:
    return read_events(response.body) == _EXPECTED


sse_async = Always(Request("GET", f"/bench/sse/async?events={_EVENTS}&ms={_MS}", check=_complete))
sse_sync = Always(Request("GET", f"/bench/sse/sync?events={_EVENTS}&ms={_MS}", check=_complete))

SCENARIOS = {
    "sse-async": Scenario("sse-async", sse_async, about="Five server-sent events, 5 ms apart, awaited."),
    "sse-sync": Scenario(
        "sse-sync", sse_sync, about="Five server-sent events, 5 ms apart, from a plain generator in a thread."
    ),
}
