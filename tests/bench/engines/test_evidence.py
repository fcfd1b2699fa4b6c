"""The first failures of each kind, as native, lanes and Locust leave them next to their samples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import uvloop

from bench.engines.bursts import Bursts
from bench.engines.common import Encoded
from bench.engines.evidence import Evidence
from bench.engines.job import Job
from bench.model.address import Address
from bench.model.evidence import SeenFailure, read_failures
from bench.model.plan import ClosedLoad
from bench.model.samples import Samples
from bench.system.ports import free_port
from bench.system.processes import Processes
from scenarios.model import Request, Response, contains
from scenarios.single import Always
from tests.bench.engines.conftest import Engine
from tests.bench.engines.peer import Peer

LOAD = ClosedLoad(2, duration_s=0.4, warmup_s=0.0)


def kept(rows: Samples) -> Counter[tuple[str, str]]:
    return Counter((one.kind, one.request) for one in rows.failures)


def first(rows: Samples, kind: str) -> SeenFailure:
    return next(one for one in rows.failures if one.kind == kind)


def encoded(tmp_path: Path, path: str) -> Encoded:
    job = Job(Address("127.0.0.1", 1), "s", LOAD, tmp_path / "samples")
    return Encoded(Request("GET", path, headers=(("X-A", "b"),)), job, 0)


def test_three_of_each_kind_and_name_are_kept(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path / "samples")
    a, b = encoded(tmp_path, "/a"), encoded(tmp_path, "/b")
    for number in range(5):
        evidence.keep("status-500", a, number, Response(500, b"no", b"HTTP/1.1 500 Oops\r\nC: d\r\n\r\n"))
    evidence.keep("status-500", b, 7)
    evidence.keep("timeout", a, 8, bytearray(b"HTTP/1.1 200 OK\r\n\r\nhal"))
    evidence.write()
    found = read_failures(tmp_path / "samples.errors")
    assert [(one.kind, one.request, one.done_ns) for one in found] == [
        *(("status-500", "GET /a", number) for number in range(3)),
        ("status-500", "GET /b", 7),
        ("timeout", "GET /a", 8),
    ]
    assert found[0].sent == b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX-A: b\r\n\r\n"
    assert (found[0].status, found[0].body, found[3].status) == (500, b"no", None)
    assert (found[4].status, found[4].body) == (200, b"hal")


def test_memory_is_bounded_whatever_fails(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path / "samples")
    for number in range(1000):
        evidence.keep("status-500", encoded(tmp_path, f"/{number}"), number, Response(500, b"x" * 100_000))
    evidence.write()
    assert (tmp_path / "samples.errors").stat().st_size < 5_000_000


def test_without_failures_there_is_no_file(engine: Engine) -> None:
    rows = engine.run(engine.job("ok", LOAD))
    assert rows.failures == ()
    assert list(engine.folder.glob("*.errors")) == []


def test_native_keeps_what_was_sent_and_what_came(engine: Engine) -> None:
    names = ("status-503", "wrong-body", "truncated", "garbage", "no-answer", "stalls")
    jobs = [engine.job(name, LOAD, name, timeout_s=0.2) for name in names]
    rows = engine.run(*jobs, engine.job("ok", LOAD, "refused", port=free_port()))
    assert set(kept(rows).values()) == {3}
    assert {request for _, request in kept(rows)} == {f"GET /{name}" for name in (*names, "ok")}
    status = first(rows, "status-503")
    assert status.sent.startswith(b"GET /status-503 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert (status.status, status.body) == (503, b"hello")
    assert status.head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert first(rows, "wrong-body").body == b"holla"
    for kind in ("truncated", "timeout"):
        assert (first(rows, kind).status, first(rows, kind).body) == (200, b"hello")
    assert next(one for one in rows.failures if one.request == "GET /garbage").body.startswith(b"SSH-2.0")
    for kind in ("reset", "refused"):
        assert (first(rows, kind).status, first(rows, kind).body) == (None, b"")


def test_an_answer_that_was_known_and_breaks_off_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    """The same bytes come again and again; then the connection is cut in the middle of them."""
    evidence = Evidence(tmp_path / "samples")
    evidence.keep("truncated", encoded(tmp_path, "/a"), 1, b"HTTP/1.1 200 OK\r\nContent-Le")
    evidence.write()
    (one,) = read_failures(tmp_path / "samples.errors")
    assert (one.status, one.head, one.body) == (200, b"HTTP/1.1 200 OK\r\nContent-Le", b"")


def test_a_lane_keeps_them_too(peer: Peer, tmp_path: Path) -> None:
    async def load() -> Samples:
        job = Job(Address("127.0.0.1", peer.port), "wrong", LOAD, tmp_path / "samples")
        bursts = Bursts(job, Always(Request("GET", "/wrong-body", check=contains(b"hello"))), 2)
        await bursts.closed(20)
        return bursts.close()

    rows = uvloop.run(load())
    assert kept(rows) == {("wrong-body", "GET /wrong-body"): 3}
    assert rows.failures[0].body == b"holla"


def test_each_process_of_an_engine_keeps_its_own(engine: Engine) -> None:
    jobs = [engine.job("status-503", LOAD, f"samples-{part}", part=part, parts=2) for part in range(2)]
    rows = engine.run(*jobs)
    assert kept(rows) == {("status-503", "GET /status-503"): 6}


@pytest.mark.parametrize("client", ["locust", "locust-http"])
def test_locust_keeps_what_it_knows(client: str, processes: Processes, tmp_path: Path) -> None:
    with Peer() as peer:
        engine = Engine(peer, processes, tmp_path)
        jobs = [
            engine.job(name, LOAD, name, timeout_s=0.3) for name in ("status-503", "wrong-body", "no-answer")
        ]
        rows = engine.run(*jobs, engine=client)
    status = first(rows, "status-503")
    assert status.sent.startswith(b"GET /status-503 HTTP/1.1\r\n")
    assert (status.status, status.body) == (503, b"hello")
    assert b"\r\nX-Worker: 4242" in status.head
    assert first(rows, "wrong-body").body == b"holla"
    assert (first(rows, "reset").status, first(rows, "reset").body) == (None, b"")
    assert b"/no-answer" in first(rows, "reset").sent
    assert max(kept(rows).values()) <= 3
