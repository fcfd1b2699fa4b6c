"""The study's data: names of shipped scenarios, setups and benchmarks, their waits, and the claims.

All of it is data: a test holds it against the scenarios and setups that there are.
"""

from __future__ import annotations

from bench.results.study.claim import Claim, Meeting
from bench.stats.metrics import CPU, VICTIM_P99

WORK = {
    "noop": "Nothing but a constant",
    "io": "I/O of 10 ms",
    "io-fanout": "Five times I/O of 10 ms",
    "cpu": "1 ms of Python",
    "cpu-hash": "1 ms of hashing in C",
    "json": "50 objects as JSON",
    "dependencies": "Three dependencies",
    "background": "A task of 10 ms after the answer",
    "stream": "A body of 20 chunks",
    "db-orm": "One row through the ORM",
    "db-core": "One row through Core",
    "db-raw": "One row from the driver",
    "db-list": "50 rows through the ORM",
    "db-counter": "Everybody adds one to a row",
}
"""The work of the twins of a group, in a few words."""

WAITS_S = {"io": 0.010}
"""Groups of endpoints that wait for a known time; the time of all others is measured at 1 user."""

THREADED = "io-sync"
"""The scenario whose every request holds a thread while it waits, so that more threads serve more."""

NOTHING_ASYNC, NOTHING_SYNC = "noop-async", "noop-sync"
"""The scenarios that do nothing: what they cost is the framework, and a hop to a thread."""

DATABASE = "sqlite"
"""Of setups without a service, and of the benchmarks that need none."""

ASKING, HOP = ("calibration", "bare-app"), ("thread-hop", "thread-hop")
"""Layer and name of the benchmarks of what asking costs by itself, and of a trip to a thread."""

COMPRESSION = "gzip-4"
"""The benchmark of the compression level that the app uses."""


def work_of(group: str) -> str:
    """The work of the twins of a group, in a few words; the group's name where there are none."""
    return WORK.get(group, group)


def _peer(language: str, setup: str) -> Claim:
    return Claim(
        text=f"FastAPI is comparable to {language}: within a factor of 2 in CPU a request, and in the requests that "
        "wait",
        meetings=(
            Meeting((setup, "noop-async"), ("uvicorn", "noop-async"), CPU),
            Meeting((setup, "json-model"), ("uvicorn", "json-model"), CPU),
            Meeting((setup, "io-async"), ("uvicorn", "io-async")),
        ),
        says="alike",
        factor=2.0,
    )


CLAIMS = (
    Claim(
        text="I/O belongs in async def: it serves more than def",
        meetings=(Meeting(("uvicorn", "io-sync"), ("uvicorn", "io-async")),),
    ),
    Claim(
        text="CPU work belongs in def: it serves more than async def",
        meetings=(
            Meeting(("uvicorn", "cpu-async"), ("uvicorn", "cpu-sync")),
            Meeting(("uvicorn", "cpu-hash-async"), ("uvicorn", "cpu-hash-sync")),
        ),
    ),
    Claim(
        text="CPU work belongs in def: others wait less beside it",
        meetings=(Meeting(("uvicorn", "cpu-async"), ("uvicorn", "cpu-sync"), VICTIM_P99),),
        says="lower",
    ),
    Claim(
        text="uvloop serves more than asyncio",
        meetings=(Meeting(("uvicorn-asyncio-httptools", "noop-async"), ("uvicorn", "noop-async")),),
    ),
    Claim(
        text="httptools serves more than h11",
        meetings=(Meeting(("uvicorn-uvloop-h11", "noop-async"), ("uvicorn", "noop-async")),),
    ),
    Claim(
        text="an orjson response serves more than the default",
        meetings=(Meeting(("uvicorn", "json-model"), ("uvicorn", "json-orjson")),),
    ),
    Claim(
        text="gzip costs CPU, and saves bytes",
        meetings=(Meeting(("uvicorn", "gzip"), ("uvicorn-gzip", "gzip"), CPU),),
        saves=True,
    ),
    Claim(
        text="a cache in memory serves more than the database",
        meetings=(Meeting(("uvicorn", "cache-read"), ("uvicorn-memory-cache", "cache-read")),),
    ),
    Claim(
        text="workers scale with cores: two serve twice as much, within 20 %",
        meetings=(
            Meeting(("uvicorn", "noop-async"), ("uvicorn-2", "noop-async")),
            Meeting(("uvicorn", "cpu-async"), ("uvicorn-2", "cpu-async")),
        ),
        says="scales",
        factor=1.6,
    ),
    Claim(
        text="gunicorn's uvicorn worker serves as much as plain uvicorn, within 10 %",
        meetings=(Meeting(("uvicorn", "noop-async"), ("gunicorn-1", "noop-async")),),
        says="alike",
        factor=1.1,
    ),
    _peer("Node.js", "node-http"),
    _peer("Go", "go-net-http"),
)
