"""The requests made ready are kept for all clients of a run, within a bound."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from bench.engines.common import Common
from bench.engines.job import Job
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from scenarios.model import Request
from scenarios.single import Always

NEVER_NS = 1 << 62
HELLO = Request("GET", "/ok")
KEPT_BYTES = 32 << 20


def test_requests_are_kept_made_ready_by_what_they_hold(tmp_path: Path) -> None:
    """600 MB of uploads that all differ, of which at most 32 MB stay; one that repeats is made ready once."""
    job = Job(Address("127.0.0.1", 1), "uploads", ClosedLoad(1, 1.0, 0.0), tmp_path / "samples")
    common = Common(job, Always(HELLO), NEVER_NS)
    assert common.encoded(HELLO) is common.encoded(HELLO)
    tracemalloc.start()
    try:
        for number in range(300):
            made = common.encoded(Request("POST", "/", number.to_bytes(4, "big") * 250_000))
            assert made.wire.endswith(made.request.body)
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1_000_000 < held_bytes < 1.2 * KEPT_BYTES
    common.file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.0)
