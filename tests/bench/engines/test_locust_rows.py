"""A row for each request of Locust's: its times on our clock, its worker, its fault; in an interpreter with gevent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bench.locust.gevented import evaluate

SETTING = """
import os, time
from pathlib import Path

import numpy as np
from locust.exception import CatchResponseError

from bench.engines.locust_rows import RowWriter
from bench.engines.locust_transport import Transport, channel_to
from bench.model.samples import read
from scenarios.model import Response

path = Path(os.environ["ROWS"])
transport = Transport(channel_to("http://127.0.0.1:1", 1.0, verifies=False), "shop")
rows = RowWriter(path, lambda one: one.scenario + " | " + one.request.label)


def add(start_s, took_ms, head=b"", *, exception=None, fault="", **context):
    transport.expect(Request("GET", "/items?page=2"))
    transport.fault = fault
    if head:
        transport.response = Response(200, b"hello", head)
    rows.add(
        response_time=took_ms, exception=exception, start_time=start_s,
        context={"transport": transport, **context}, request_type="GET", name="/items", response=None,
    )


def close(shed=0):
    rows.close(span_ns=(1, 2), cpu_s=0.25, transports=[transport], pauses=3, shed=shed)
    return read(path)
"""


@pytest.fixture
def give(tmp_path: Path) -> Any:
    return lambda code: evaluate(SETTING + code, ROWS=str(tmp_path / "rows.samples"))


def test_times_are_on_our_clock_to_the_microsecond(give: Any) -> None:
    late_ns, took_ns, lag_ns = give("""
before_ns, now_s = time.monotonic_ns(), time.time()
add(now_s, 1.25)
add(now_s, 1.25, intended_s=now_s - 0.5)
one = close()
give([
    int(one.sent_ns[0]) - before_ns,
    (one.done_ns - one.sent_ns).tolist(),
    (one.sent_ns - one.intended_ns).tolist(),
])
""")
    assert abs(late_ns) < 50_000_000
    assert took_ns == [1_250_000, 1_250_000]
    assert lag_ns == [0, pytest.approx(500_000_000, abs=1000)]


def test_nothing_is_sent_before_it_was_intended(give: Any) -> None:
    assert give("""
now_s = time.time()
add(now_s, 1.0, intended_s=now_s + 1)
one = close()
give((one.sent_ns - one.intended_ns).tolist())
""") == [0]


HEADS = {
    b"HTTP/1.1 200 OK\r\nX-Worker: 4242\r\n": 4242,
    b"HTTP/1.1 200 OK\r\nserver: a\r\nx-worker:7 \r\nvia: b\r\n": 7,
    b"HTTP/1.1 200 OK\r\nX-Worker: web-1\r\n": 0,
    b"HTTP/1.1 200 OK\r\nX-Worker: 12345678901\r\n": 0,
    b"HTTP/1.1 200 OK\r\nNot-X-Worker: 5\r\n": 0,
    b"HTTP/1.1 200 OK\r\n": 0,
}


def test_the_worker_is_the_one_that_the_answer_names(give: Any) -> None:
    adds = "\n".join(f"add(time.time(), 1.0, {head!r})" for head in HEADS)
    assert give(f"{adds}\ngive(close().worker.tolist())") == list(HEADS.values())


def test_a_fault_is_what_locust_was_told_without_the_beginning_of_the_answer(give: Any) -> None:
    outcomes, labels, kept, errors = give("""
head = b"HTTP/1.1 200 OK\\r\\n"
add(time.time(), 1.0, head)
add(time.time(), 1.0, head, exception=CatchResponseError("status-500: something"), fault="status-500")
add(time.time(), 1.0, exception=CatchResponseError("garbage: no status: x"), fault="garbage: no status")
add(time.time(), 1.0, exception=CatchResponseError("unfinished"))
add(time.time(), 1.0, exception=ConnectionResetError())
one = close()
kept = [[seen.kind, seen.request, seen.body.decode()] for seen in one.failures]
give([[one.outcomes[number] for number in one.outcome], one.labels, kept, rows.errors])
""")
    assert outcomes == ["ok", "status-500", "garbage: no status", "unfinished", "connectionreseterror"]
    assert labels == ["shop | GET /items"]
    assert kept == [
        ["status-500", "shop | GET /items", "hello"],
        ["garbage: no status", "shop | GET /items", ""],
        ["unfinished", "shop | GET /items", ""],
        ["connectionreseterror", "shop | GET /items", ""],
    ]
    assert errors == 4


def test_a_clock_that_is_set_while_it_runs_moves_no_row_that_comes_later(give: Any) -> None:
    """Locust's times are of the wall: half an hour on, these are no later on our clock once both were read again."""
    assert give("""
add(time.time(), 1.0)
real = time.time_ns
time.time_ns = lambda: real() + 1800 * 10**9
rows.set_clock()
add(real() / 1e9 + 1800, 1.0)
one = close()
give(int(one.sent_ns[1] - one.sent_ns[0]) < 10**9)
""")


def test_the_facts_of_the_process_stand_beside_the_rows(give: Any) -> None:
    assert give(
        "add(time.time(), 1.0)\none = close(shed=4)\ngive([one.cpu_s, one.pauses, one.shed, one.sent])"
    ) == [
        0.25,
        3,
        4,
        None,
    ]
