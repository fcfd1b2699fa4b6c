"""First bytes and gaps of every engine against the notes of a server that sends piece by piece.

No piece is sent before the moment that the server notes, and none before the client has read the one before: lower
bounds, order and counts hold on any machine. That clients are prompt is asked of most answers, not of each.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.engines.channel import Channel
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples
from bench.system.processes import Processes
from scenarios.model import Request
from tests.bench.engines.conftest import Engine
from tests.bench.engines.peer import Peer
from tests.bench.engines.streamer import PAUSE_S, WAIT_S, Streamer
from tests.bench.engines.streams import PATHS

LOAD = ClosedLoad(1, duration_s=3.0, warmup_s=0.1)
SCENARIOS_FILE = Path(__file__).with_name("streams.py")
PIECES = {"/same": 4, "/varied": 4, "/length": 3, "/whole": 1, "/close": 4}
OPEN_ENDED = ("/same", "/varied", "/close")


@dataclass
class Ran:
    """The samples of one user, and the server's notes, answer by answer in the same order."""

    rows: Samples
    notes: list[tuple[str, list[int]]]


@pytest.fixture(scope="module", params=["native", "locust", "locust-http"])
def ran(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Ran:
    with Peer() as peer, Streamer() as server:
        engine = Engine(peer, processes, tmp_path_factory.mktemp("pieces"))
        job = engine.job("streams", LOAD, port=server.port, scenarios_file=SCENARIOS_FILE, drain_s=20.0)
        rows = engine.run(job, engine=request.param)
    return Ran(rows, server.notes)


def test_all_answers_are_right_and_those_that_the_server_gave(ran: Ran) -> None:
    assert set(ran.rows.outcome.tolist()) == {OK}
    assert [ran.rows.labels[number] for number in ran.rows.label] == [path for path, _ in ran.notes]
    assert {path for path, _ in ran.notes} == set(PATHS)


def test_the_first_byte_comes_after_it_was_sent_and_the_rest_after_the_rest(ran: Ran) -> None:
    rows = zip(ran.rows.sent_ns, ran.rows.first_ns, ran.rows.done_ns, ran.notes, strict=True)
    for sent_ns, first_ns, done_ns, (path, moments) in rows:
        assert moments[0] <= first_ns <= done_ns
        assert moments[-1] <= done_ns
        assert first_ns - sent_ns >= WAIT_S * 1e9 - 1e6, (
            "Locust's clock of the start is a millisecond off at most"
        )
        if path == "/whole":
            assert first_ns == done_ns
        else:
            assert first_ns < done_ns


def test_most_first_bytes_are_there_before_the_second_piece_was_sent(ran: Ran) -> None:
    waits = [
        first_ns < moments[1]
        for first_ns, (_, moments) in zip(ran.rows.first_ns.tolist(), ran.notes, strict=True)
        if len(moments) > 1
    ]
    assert np.mean(waits) > 0.5


def test_each_later_piece_of_a_stream_is_a_gap_and_nothing_else_is(ran: Ran) -> None:
    streamed = [(path, moments) for path, moments in ran.notes if path in OPEN_ENDED]
    assert {path: len(moments) for path, moments in ran.notes} == PIECES
    expected = [(path, moment) for path, moments in streamed for moment in moments[1:]]
    gaps = ran.rows.gaps
    order = np.argsort(gaps.at_ns, kind="stable")
    assert [ran.rows.labels[number] for number in gaps.label[order]] == [path for path, _ in expected]
    sent_ns = np.array([moment for _, moment in expected])
    assert (gaps.at_ns[order] >= sent_ns).all()
    assert (gaps.gap_ns > 0).all()
    assert np.median(gaps.gap_ns) >= PAUSE_S * 1e9 / 2


def test_gaps_and_first_byte_of_an_answer_add_up_to_its_end(ran: Ran) -> None:
    """What ends with its last piece took from its first byte to its end as long as its gaps together; Locust's end is
    by a clock of its own."""
    gaps = ran.rows.gaps
    rows = zip(ran.rows.first_ns.tolist(), ran.rows.done_ns.tolist(), ran.notes, strict=True)
    for first_ns, done_ns, (path, moments) in rows:
        if path in ("/same", "/varied"):
            mine = (gaps.at_ns > first_ns) & (gaps.at_ns <= done_ns)
            assert np.count_nonzero(mine) == len(moments) - 1
            assert gaps.gap_ns[mine].sum() <= done_ns - first_ns + 1_000_000


def test_a_channel_notes_each_piece_after_it_was_sent() -> None:
    with Streamer() as server:
        channel = Channel(Address("127.0.0.1", server.port), timeout_s=20)
        for path in (*PATHS, *PATHS):
            channel.send(Request("GET", path))
            found, first_ns, open_ended = channel.arrivals_ns, channel.first_ns, channel.open_ended
            if path == "/close":
                channel.close()
            said, moments = server.notes[-1]
            assert said == path
            assert len(found) == len(moments) == PIECES[path]
            assert all(noted <= seen for noted, seen in zip(moments, found, strict=True))
            assert first_ns == (0 if path == "/whole" else found[0])
            assert open_ended == (path in (*OPEN_ENDED, "/whole"))
        channel.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_waits_as_long_for_the_first_byte_and_the_end() -> None:
    with Streamer() as server:
        said = subprocess.run(
            [
                *("curl", "-s", "-o", "/dev/null", "--max-time", "60"),
                *("-w", "%{time_starttransfer} %{time_total}", f"http://127.0.0.1:{server.port}/same"),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    first_s, total_s = map(float, said)
    assert first_s >= WAIT_S
    assert total_s >= WAIT_S + (PIECES["/same"] - 1) * PAUSE_S
    assert first_s < total_s
