"""A body of 20 chunks of 1 KiB."""

from __future__ import annotations

from scenarios.model import Request, Response, Scenario
from scenarios.single import Always

_CHUNKS = 20
_CHUNK_BYTES = 1024


def _whole(response: Response) -> bool:
    return len(response.body) == _CHUNKS * _CHUNK_BYTES


stream_async = Always(Request("GET", f"/bench/stream/async?chunks={_CHUNKS}", check=_whole))
stream_sync = Always(Request("GET", f"/bench/stream/sync?chunks={_CHUNKS}", check=_whole))

SCENARIOS = {
    "stream-async": Scenario("stream-async", stream_async, about="20 chunks from an async generator."),
    "stream-sync": Scenario(
        "stream-sync", stream_sync, about="20 chunks from a plain generator, each a hop to a thread."
    ),
}
