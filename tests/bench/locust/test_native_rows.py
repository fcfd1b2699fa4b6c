"""Percentiles that Locust makes of a native generator's rows, compared with the rows, in one process and over two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.locust.buckets import percentile_ms
from bench.locust.spool import sample_files
from bench.model import samples
from bench.model.recording import join
from bench.system.ports import free_port
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.peer import Peer
from tests.bench.locust.ui import run_until

LOCUSTFILE = """
from fastapi_bench.native_user import NativeUser
from locust import events

from bench.locust import exact, stopping
from scenarios.model import Request, Scenario
from scenarios.single import Always

exact.install(events)
stopping.install(events)


class OkUser(NativeUser):
    host = "http://127.0.0.1:{port}"
    scenario = Scenario("mine", Always(Request("GET", "/ok")))


@events.test_start.add_listener
def record(environment, **_):
    environment.parsed_options.bench_run = 7
    environment.parsed_options.bench_spool = "{spool}"
"""
SHARES = (0.5, 0.9, 0.99, 0.999)


@pytest.mark.parametrize("processes", [0, 2])
def test_percentiles_are_within_a_thousandth_of_those_of_the_rows(processes: int, tmp_path: Path) -> None:
    file, port = tmp_path / "locustfile.py", str(free_port())
    with Peer() as peer:
        file.write_text(LOCUSTFILE.format(port=peer.port, spool=tmp_path))
        ports = ("--master-bind-port", port, "--master-port", port)
        forked = ("--processes", str(processes), *ports) if processes else ()
        entries, said, status = run_until(
            lambda _: peer.seen["/ok"] >= 5000,
            *("-u", "4", "-r", "4", *forked),
            folder=tmp_path,
            env={},
            file=file,
        )
        seen = peer.seen["/ok"]
    assert status == 0, said
    entry = entries["/ok"]
    files = sample_files(tmp_path, 7)
    assert len(files) == max(1, processes)
    assert all(path.stem.endswith("@mine") for path in files)
    rows = join([samples.read(path) for path in files])
    assert outcomes(rows) == {"ok": seen}
    assert entry["num_requests"] == seen > 1000
    times_ms = (rows.done_ns - rows.sent_ns + rows.connect_ns) / 1e6
    counts = {float(bucket): count for bucket, count in entry["response_times"].items()}
    found = [percentile_ms(counts, share) for share in SHARES]
    assert found == pytest.approx(np.quantile(times_ms, SHARES).tolist(), rel=0.001)
    assert entry["min_response_time"] == times_ms.min()
    assert entry["max_response_time"] == times_ms.max()
    assert entry["total_response_time"] == pytest.approx(times_ms.sum())
