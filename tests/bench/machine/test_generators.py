"""What generators cost: the figures that are made of their rounds, and the server they are measured against."""

from __future__ import annotations

import http.client
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from bench.machine.bare_server import ANSWER, Answering
from bench.machine.generators import ONE_WRITE, GeneratorCost, medians, table
from bench.serve.server import serving
from bench.system.processes import Processes
from scenarios.model import Response
from scenarios.ping import ping
from tests.bench.engines.wires import Wire, cut

COSTS = {
    "native": [GeneratorCost(10.0, 100.0), GeneratorCost(12.0, 90.0), GeneratorCost(30.0, 80.0)],
    "wrk": [GeneratorCost(8.0, 200.0), GeneratorCost(12.0, 90.0), GeneratorCost(10.0, 100.0)],
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


REQUEST = b"GET /bench/ping HTTP/1.1\r\nHost: here\r\n\r\n"


@given(places=st.lists(st.integers(0, 3 * len(REQUEST)), max_size=4))
def test_the_server_answers_each_request_once_however_they_are_cut(places: list[int]) -> None:
    wire, served, heard = Wire(), Answering(), 0
    served.connection_made(wire)
    for piece in cut(REQUEST * 3, places):
        served.data_received(piece)
        heard += len(piece)
        assert b"".join(wire.written) == ANSWER * (heard // len(REQUEST))


def test_the_server_answers_as_the_app_does(processes: Processes) -> None:
    with (
        serving(ONE_WRITE, processes) as server,
        closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as connection,
    ):
        for _ in range(2):
            connection.request("GET", ping.request.path)
            heard = connection.getresponse()
            assert ping.request.fault(Response(heard.status, heard.read())) is None
