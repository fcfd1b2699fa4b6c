"""The smallest server answers each request once, as the app does."""

from __future__ import annotations

import http.client
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from bench.machine.bare_server import ANSWER, Answering
from bench.machine.generators import ONE_WRITE
from bench.serve.server import serving
from bench.system.processes import Processes
from scenarios.model import Response
from scenarios.ping import ping
from tests.bench.engines.wires import Wire, cut

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
        closing(http.client.HTTPConnection(server.address.host, server.port, timeout=10)) as connection,
    ):
        for _ in range(2):
            connection.request("GET", ping.request.path)
            heard = connection.getresponse()
            assert ping.request.fault(Response(heard.status, heard.read())) is None
