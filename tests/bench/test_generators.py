"""What generators cost: the figures that are made of their rounds, and the server they are measured against."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from bench.generators import ONE_WRITE, Cost, medians, table
from bench.processes import Processes
from bench.server import Server, serving
from scenarios.model import Response
from scenarios.ping import ping

COSTS = {
    "native": [Cost(10.0, 100.0), Cost(12.0, 90.0), Cost(30.0, 80.0)],
    "wrk": [Cost(8.0, 200.0), Cost(12.0, 90.0), Cost(10.0, 100.0)],
}


def test_the_file_holds_the_median_of_each() -> None:
    assert medians(COSTS) == {
        "native": {"cpu_us_per_request": 12.0, "throughput_rps": 90.0},
        "wrk": {"cpu_us_per_request": 10.0, "throughput_rps": 100.0},
    }


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    """Not the ratio of the medians, 1.2 and 0.9 here: what disturbs a round meets both."""
    native, wrk = table("side by side", COSTS).rows

    assert native.entries == ("native", "12.0", "10.0 to 30.0", "90", "1.000", "1.000")
    assert wrk.entries == ("wrk", "10.0", "8.0 to 12.0", "100", "1.250", "0.800")


@pytest.fixture(scope="module")
def one_write(processes: Processes) -> Iterator[Server]:
    with serving(ONE_WRITE, processes) as server:
        yield server


REQUEST = b"GET /bench/ping HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.mark.parametrize("place", [1, len(REQUEST) - 3, len(REQUEST) - 1, len(REQUEST), len(REQUEST) + 1])
def test_the_server_answers_each_request_once_however_they_are_cut(place: int, one_write: Server) -> None:
    sent = REQUEST * 3
    with socket.create_connection((one_write.host, one_write.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(10)
        for begin, end in pairwise((0, place, len(sent))):
            connection.sendall(sent[begin:end])
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := connection.recv(65536):
            heard += piece

    head, _, body = heard[: len(heard) // 3].partition(b"\r\n\r\n")
    assert heard == heard[: len(heard) // 3] * 3
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert ping.request.fault(Response(200, body, head)) is None
