"""Endpoints that compute for about a millisecond, in pure Python or in C."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.ping import ping
from scenarios.single import Always

_STEPS = 10_000
_CHECKSUM = 1_910_041_713

_ROUNDS = 2000

_computed = contains(b'{"n":%d,"checksum":%d}' % (_STEPS, _CHECKSUM))

cpu_async = Always(Request("GET", f"/bench/cpu/async?n={_STEPS}", check=_computed))
cpu_sync = Always(Request("GET", f"/bench/cpu/sync?n={_STEPS}", check=_computed))
cpu_process = Always(Request("GET", f"/bench/cpu/process?n={_STEPS}", check=_computed))
cpu_yield = Always(Request("GET", f"/bench/cpu/yield?n={_STEPS}", check=_computed))

_hashed = contains(b'{"n":%d,"digest":"fdb3ee1585f418b1' % _ROUNDS)

cpu_hash_async = Always(Request("GET", f"/bench/cpu/hash/async?n={_ROUNDS}", check=_hashed))
cpu_hash_sync = Always(Request("GET", f"/bench/cpu/hash/sync?n={_ROUNDS}", check=_hashed))

SCENARIOS = {
    "cpu-async": Scenario(
        "cpu-async", cpu_async, about="About 1 ms of pure Python on the event loop.", victim=ping
    ),
    "cpu-sync": Scenario("cpu-sync", cpu_sync, about="About 1 ms of pure Python in a thread.", victim=ping),
    "cpu-process": Scenario(
        "cpu-process", cpu_process, about="About 1 ms of pure Python in another process.", victim=ping
    ),
    "cpu-yield": Scenario(
        "cpu-yield",
        cpu_yield,
        about="About 1 ms of pure Python on the event loop, in ten bites.",
        victim=ping,
    ),
    "cpu-hash-async": Scenario(
        "cpu-hash-async", cpu_hash_async, about="About 1 ms of hashing in C on the event loop.", victim=ping
    ),
    "cpu-hash-sync": Scenario(
        "cpu-hash-sync",
        cpu_hash_sync,
        about="About 1 ms of hashing in C in a thread, without the interpreter lock.",
        victim=ping,
    ),
}
