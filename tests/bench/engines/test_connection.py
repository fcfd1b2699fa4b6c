"""What a client makes of the bytes it is handed, however they are cut, without a network between."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.engines.common import Common
from bench.engines.connection import Client
from bench.engines.job import Job
from bench.model import samples
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import Samples
from scenarios.model import Check, Flow, Request, Response, contains
from scenarios.single import Always
from tests.bench.engines.peer import answer
from tests.bench.engines.wires import Wire, cut

NEVER_NS = 1 << 62
HELLO = Request("GET", "/ok", check=contains(b"hello"))
OTHER = HELLO._replace(name="other")
SESSION = (HELLO, HELLO, OTHER)

OUTCOMES = {
    answer(): "ok",
    answer(headers=b"Date: today\r\n"): "ok",
    answer(b"hello again"): "ok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n": "ok",
    b"HTTP/1.1 100 Continue\r\n\r\n" + answer(): "ok",
    answer(b"holla"): "wrong-body",
    answer(status="503 Service Unavailable"): "status-503",
}


def once(rng: Random) -> Flow:
    yield HELLO


def thrice(rng: Random) -> Flow:
    yield SESSION[0]
    yield SESSION[1]
    yield SESSION[2]


class Conversation:
    """A client whose sessions follow each other for as long as the connection holds."""

    def __init__(self, flow: Callable[[Random], Flow], folder: Path) -> None:
        job = Job(Address("127.0.0.1", 1), "hello", ClosedLoad(1, 1.0, 0.0), folder / "samples")
        self._common = Common(job, flow, NEVER_NS)
        self.sessions = 0
        self._wire = Wire()
        self._client = Client(self._common, Random(0), self._ended, repeats=True)
        self._client.connection_made(self._wire)
        self._client.start(1)
        self._path = job.samples

    def _ended(self, client: Client, done_ns: int, connected: bool) -> None:
        self.sessions += 1
        if not self._wire.dropped:
            client.start(done_ns)

    def hear(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._client.data_received(piece)

    def lose(self) -> None:
        self._wire.dropped = True
        self._client.connection_lost(None)

    def outcomes(self) -> list[str]:
        """Of every request, in the order of the answers; the one still under way is left out."""
        self._common.file.close(start_ns=0, end_ns=NEVER_NS, shed=0, cpu_s=0.0)
        rows = samples.read(self._path)
        assert len(self._wire.written) == self._common.sent == len(rows.outcome) + (not self._wire.dropped)
        assert (rows.intended_ns <= rows.sent_ns).all()
        assert (rows.sent_ns <= rows.first_ns).all()
        assert (rows.first_ns <= rows.done_ns).all()
        assert (rows.intended_ns[1:] == rows.done_ns[:-1]).all()
        outcomes = [rows.outcomes[number] for number in rows.outcome]
        assert not self._common.broken
        assert self._common.errors == len(outcomes) - outcomes.count("ok")
        self.rows = rows
        self.labels = [rows.labels[number] for number in rows.label]
        return outcomes


def check_pieces(rows: Samples, answers: list[tuple[bytes, int]]) -> None:
    """Each answer, and in how many pieces it came: only those in one have their first byte with their end, and only
    those in chunks have gaps, one less than their pieces."""
    assert (rows.first_ns < rows.done_ns).tolist() == [pieces > 1 for _, pieces in answers]
    in_chunks = np.array([b"chunked" in whole for whole, _ in answers], bool)
    gaps = [pieces - 1 for whole, pieces in answers if b"chunked" in whole]
    assert len(rows.gaps.gap_ns) == sum(gaps)
    assert rows.gaps.gap_ns.sum() == (rows.done_ns - rows.first_ns)[in_chunks].sum()


FLOWS = {"one request a session, known": Always(HELLO), "one request a session": once, "several": thrice}
PLACES = st.lists(st.integers(0, 200), max_size=4)
ANSWERS = st.lists(st.tuples(st.sampled_from(list(OUTCOMES)), PLACES), max_size=12)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
@given(answers=ANSWERS)
def test_an_outcome_depends_on_the_answer_alone(
    flow: Callable[[Random], Flow], answers: list[tuple[bytes, list[int]]]
) -> None:
    """Not on how it was cut, nor on which answers came before it."""
    with tempfile.TemporaryDirectory() as folder:
        conversation = Conversation(flow, Path(folder))
        for whole, places in answers:
            conversation.hear(*cut(whole, places))

        expected = [OUTCOMES[whole] for whole, _ in answers]
        assert conversation.outcomes() == expected
        check_pieces(conversation.rows, [(whole, len(cut(whole, places))) for whole, places in answers])
        assert conversation.labels == (labels(expected) if flow is thrice else [HELLO.label] * len(expected))


def labels(outcomes: list[str]) -> list[str]:
    """What the requests are called that got these answers: a wrong one ends its session."""
    asked, place = [], 0
    for outcome in outcomes:
        asked.append(SESSION[place].label)
        place = (place + 1) % len(SESSION) if outcome == "ok" else 0
    return asked


SAME = st.lists(PLACES, min_size=1, max_size=5)


def noting(checked: list[Response]) -> Check:
    """A check that keeps what it was shown, and is content."""

    def check(response: Response) -> bool:
        checked.append(response)
        return True

    return check


@given(cuts=SAME)
def test_an_answer_that_comes_again_is_not_checked_again(cuts: list[list[int]]) -> None:
    """In whatever pieces it came, and comes."""
    checked: list[Response] = []
    request = HELLO._replace(check=noting(checked))
    with tempfile.TemporaryDirectory() as folder:
        conversation = Conversation(Always(request), Path(folder))
        for places in cuts:
            conversation.hear(*cut(answer(), places))

        assert conversation.outcomes() == ["ok"] * len(cuts)
    assert [response.body for response in checked] == [b"hello"]


def test_a_long_answer_is_checked_each_time(tmp_path: Path) -> None:
    """Every client would keep one otherwise."""
    checked: list[Response] = []
    request = HELLO._replace(check=noting(checked))
    conversation = Conversation(Always(request), tmp_path)
    for _ in range(3):
        conversation.hear(*cut(answer(bytes(100_000)), range(0, 100_000, 9_000)))

    assert conversation.outcomes() == ["ok"] * 3
    assert [response.body for response in checked] == [bytes(100_000)] * 3


def either(rng: Random) -> Flow:
    yield HELLO if rng.random() < 0.5 else OTHER


@pytest.mark.parametrize(("flow", "told"), [(Always(HELLO), 1), (once, 6), (either, 6), (thrice, 2)])
def test_only_sessions_of_one_constant_request_follow_each_other_untold(
    flow: Callable[[Random], Flow], told: int, tmp_path: Path
) -> None:
    """Once its answer is known, which it is after the first."""
    conversation = Conversation(flow, tmp_path)
    conversation.hear(*[answer()] * 6)

    assert conversation.outcomes() == ["ok"] * 6
    assert conversation.sessions == told


@pytest.mark.parametrize("whole", [whole for whole, outcome in OUTCOMES.items() if outcome == "ok"])
@given(before=st.integers(0, 2), length=st.integers(0, 200), places=PLACES)
def test_a_connection_that_ends_within_an_answer_has_cut_it_off(
    whole: bytes, before: int, length: int, places: list[int]
) -> None:
    """Whether or not the answer was known until then; without a byte of one, it was reset."""
    length %= len(whole)
    with tempfile.TemporaryDirectory() as folder:
        conversation = Conversation(Always(HELLO), Path(folder))
        conversation.hear(*[whole] * before)
        if length:
            conversation.hear(*cut(whole[:length], places))
        conversation.lose()

        assert conversation.outcomes() == ["ok"] * before + ["truncated" if length else "reset"]


@given(before=st.integers(0, 2), places=PLACES, more=st.binary(min_size=1, max_size=9))
def test_bytes_after_the_end_are_garbage(before: int, places: list[int], more: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        conversation = Conversation(Always(HELLO), Path(folder))
        conversation.hear(*[answer()] * before)
        *pieces, last = cut(answer(), places)
        conversation.hear(*pieces, last + more)

        assert conversation.outcomes() == ["ok"] * before + ["garbage: bytes after the end of the answer"]


WORKER_LINE = range(answer().index(b": 4242") + 1, answer().index(b"\r\n\r\n") + 1)
"""Cut here, the rest becomes the value of a header, and the second Content-Length says the same as the first."""


@given(length=st.integers(answer().index(b"\n"), len(answer()) - 1).filter(lambda at: at not in WORKER_LINE))
def test_an_answer_within_an_answer_is_garbage(length: int) -> None:
    """Though the second piece is, for itself, the answer that is known."""
    with tempfile.TemporaryDirectory() as folder:
        conversation = Conversation(Always(HELLO), Path(folder))
        conversation.hear(answer(), answer()[:length], answer())

        assert [outcome.partition(":")[0] for outcome in conversation.outcomes()] == ["ok", "garbage"]
