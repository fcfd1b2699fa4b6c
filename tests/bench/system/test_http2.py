"""HTTP/1.1 to HTTP/2 and back, in memory: the other side is h2 as a server, or frames written by hand."""

from __future__ import annotations

import gc
import tracemalloc
from itertools import pairwise

import pytest
from h2.connection import H2Connection
from h2.settings import SettingCodes
from hypothesis import given
from hypothesis import strategies as st

from bench.engines.wire import ResponseReader
from bench.system.http2 import Http2Error, Translation, UnreadError
from scenarios.model import Response
from tests.bench.system.frames import Answer, Served, converse, goaway, plain, reset, rst, server

GET = b"GET /a?b=c HTTP/1.1\r\nHost: x.example:8000\r\nX-One: 1\r\n\r\n"
HELLO = (("content-length", "5"), ("x-worker", "7"))


def ask(wire: bytes, answer: Answer, *, bodyless: bool = False) -> tuple[Response | None, Served]:
    """The answer as our reader has it, and what the server saw."""
    translation, served = Translation(), Served()
    translation.send(wire)
    given = converse(translation, server(), served, answer)
    return ResponseReader().feed(given, bodyless) if given else None, served


# --- requests


def test_a_request_has_the_fields_of_http2() -> None:
    wire = GET.replace(
        b"\r\n\r\n", b"\r\nConnection: x-hop\r\nX-Hop: 1\r\nTE: gzip\r\nKeep-Alive: 5\r\nX-One: 2\r\n\r\n"
    )
    _, served = ask(wire, plain(b"hello"))
    assert served.fields == [
        [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "x.example:8000"),
            (":path", "/a?b=c"),
            ("x-one", "1"),
            ("x-one", "2"),
        ]
    ]
    assert served.bodies == {1: b""}


BODY = bytes(range(256)) * 4096
UPLOAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


def test_an_upload_waits_for_the_windows_of_the_server() -> None:
    """1 MB through the 64 kB of a connection that says nothing about its windows."""
    response, served = ask(UPLOAD, plain(b"", headers=[("content-length", "0")]))
    assert served.bodies == {1: BODY}
    assert response is not None
    assert response.status == 200


def test_an_upload_in_chunks_of_its_own_goes_without_them() -> None:
    _, served = ask(CHUNKED, plain(b"hello"))
    assert served.bodies == {1: b"hello"}
    assert "transfer-encoding" not in dict(served.fields[0])


def test_a_window_that_shrinks_and_opens_again() -> None:
    """RFC 9113, section 6.9.2: a new initial window changes the one of a stream under way, below zero even."""
    translation, served, peer = Translation(), Served(), server()
    translation.send(UPLOAD)
    peer.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1000})
    peer.increment_flow_control_window(len(BODY))
    assert converse(translation, peer, served, plain(b"hello")) == b""
    assert len(served.bodies[1]) == 65535

    peer.increment_flow_control_window(len(BODY), 1)
    assert converse(translation, peer, served, plain(b"hello")).endswith(b"hello\r\n0\r\n\r\n")
    assert served.bodies == {1: BODY}


def test_a_small_window_from_the_start() -> None:
    translation, served = Translation(), Served()
    peer = server(initial_window_size=100)
    translation.receive(peer.data_to_send())
    translation.send(UPLOAD[: len(UPLOAD) - len(BODY)].replace(b"1048576", b"5000") + BODY[:5000])
    assert converse(translation, peer, served, plain(b"hello")).endswith(b"hello\r\n0\r\n\r\n")
    assert served.bodies == {1: BODY[:5000]}


@pytest.mark.parametrize(
    "wire",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: two\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    ],
)
def test_framing_of_its_own_that_does_not_fit_is_not_sent(wire: bytes) -> None:
    translation = Translation()
    translation.take()
    with pytest.raises(Http2Error, match="unsent: "):
        translation.send(wire)
    assert translation.take() == b""


@given(st.lists(st.integers(0, len(CHUNKED)), max_size=5))
def test_a_request_may_come_in_pieces(cuts: list[int]) -> None:
    translation, served = Translation(), Served()
    for begin, end in pairwise([0, *sorted(cuts), len(CHUNKED)]):
        translation.send(CHUNKED[begin:end])
    assert converse(translation, server(), served, plain(b"ok"))
    assert served.bodies == {1: b"hello"}


def test_many_requests_over_one_connection() -> None:
    """The fields are remembered on both sides; a table of 4 kB is full after some of them."""
    translation, peer, served, reader = Translation(), server(), Served(), ResponseReader()
    for number in range(300):
        wire = GET.replace(b"X-One: 1", b"X-One: %d" % (number % 7) + b"x" * (number % 150))
        translation.send(wire)
        answer = plain(
            b"hello", headers=[*HELLO, ("x-same", "y" * (number % 90)), ("x-number", str(number % 5))]
        )
        response = reader.feed(converse(translation, peer, served, answer))
        assert response is not None
        assert response.headers["x-number"] == str(number % 5)
        assert response.headers["x-same"] == "y" * (number % 90)
        assert reader.worker == 7
        assert dict(served.fields[-1])["x-one"] == f"{number % 7}" + "x" * (number % 150)
    assert served.ended == list(range(1, 601, 2))


def test_memory_does_not_grow_with_the_number_of_requests() -> None:
    translation, peer = Translation(), server()
    peer_has = Served()

    def ask_times(times: int) -> None:
        for _ in range(times):
            translation.send(GET)
            assert converse(translation, peer, peer_has, plain(b"hello", headers=HELLO))
        peer_has.fields.clear()
        peer_has.ended.clear()
        peer_has.bodies.clear()
        peer._closed_streams.clear()  # h2's own, on the server's side

    tracemalloc.start()
    ask_times(1000)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    ask_times(1000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000


# --- answers


def trailers(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200")])
    connection.send_data(stream, b"hello")
    connection.send_headers(stream, [("x-sum", "1")], end_stream=True)


def hints(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "103"), ("link", "</a.css>")])
    plain(b"hello")(connection, stream)


def late_end(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200"), *HELLO])
    connection.send_data(stream, b"hello")
    connection.send_data(stream, b"", end_stream=True)


def ping(connection: H2Connection, stream: int) -> None:
    connection.ping(b"12345678")
    connection.update_settings({SettingCodes.HEADER_TABLE_SIZE: 0, SettingCodes.MAX_FRAME_SIZE: 20_000})
    plain(b"hello", headers=HELLO)(connection, stream)


RIGHT: dict[str, tuple[Answer, int, bytes]] = {
    "plain": (plain(b"hello", headers=HELLO), 200, b"hello"),
    "no length": (plain(b"hello"), 200, b"hello"),
    "pieces": (plain(b"he", b"", b"llo"), 200, b"hello"),
    "pieces and a length": (plain(b"he", b"llo", headers=HELLO), 200, b"hello"),
    "late end": (late_end, 200, b"hello"),
    "padded": (plain(b"hello", headers=HELLO, padding=200), 200, b"hello"),
    "headers alone": (plain(), 200, b""),
    "empty data": (plain(b""), 200, b""),
    "no content": (plain(status="204"), 204, b""),
    "no content, empty data": (plain(b"", status="204"), 204, b""),
    "not modified": (plain(status="304"), 304, b""),
    "not found": (plain(b"gone", status="404"), 404, b"gone"),
    "trailers": (trailers, 200, b"hello"),
    "103": (hints, 200, b"hello"),
    "ping and settings": (ping, 200, b"hello"),
}


@pytest.mark.parametrize(("answer", "status", "body"), RIGHT.values(), ids=RIGHT)
def test_an_answer_is_read(answer: Answer, status: int, body: bytes) -> None:
    """Twice on one connection, the second time in single bytes."""
    translation, peer, reader = Translation(), server(), ResponseReader()
    translation.send(GET)
    response = reader.feed(converse(translation, peer, Served(), answer))
    assert response is not None
    assert (response.status, response.body) == (status, body)
    assert reader.keep_alive

    translation.send(GET)
    (stream,) = Served().take(peer, peer.receive_data(translation.take()))[-1:] or (3,)
    answer(peer, stream)
    again = None
    for byte in peer.data_to_send():
        if piece := translation.receive(bytes((byte,))):
            assert again is None
            again = reader.feed(piece)
    assert again is not None
    assert (again.status, again.body) == (status, body)


def test_head_has_the_length_of_what_does_not_come() -> None:
    response, served = ask(GET.replace(b"GET", b"HEAD"), plain(headers=HELLO), bodyless=True)
    assert response is not None
    assert (response.status, response.body, response.headers["content-length"]) == (200, b"", "5")
    assert served.fields[0][0] == (":method", "HEAD")


def test_fields_keep_their_order_and_number() -> None:
    cookies = [("set-cookie", "a=1"), ("x-between", ""), ("set-cookie", "b=2")]
    response, _ = ask(GET, plain(headers=[*cookies, ("content-length", "0")]))
    assert response is not None
    assert response.fields() == [*cookies, ("content-length", "0")]


@pytest.mark.parametrize("name", RIGHT)
@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_frames_cut_in_any_place_give_the_same_answer(name: str, cuts: list[int]) -> None:
    answer, status, body = RIGHT[name]
    translation, peer = Translation(), server()
    translation.send(GET)
    peer.receive_data(translation.take())
    answer(peer, 1)
    frames = peer.data_to_send()
    reader = ResponseReader()
    found = []
    for begin, end in pairwise([0, *sorted(min(cut, len(frames)) for cut in cuts), len(frames)]):
        piece = translation.receive(frames[begin:end])
        if piece and (response := reader.feed(piece)):
            found.append((response.status, response.body))
    assert found == [(status, body)]


def test_pieces_are_given_as_they_come() -> None:
    """Of an answer in several DATA frames each is there at once: time to first byte is measured on them."""
    translation, peer = Translation(), server()
    translation.send(GET)
    peer.receive_data(translation.take())
    peer.send_headers(1, [(":status", "200")])
    assert translation.receive(peer.data_to_send()).endswith(b"transfer-encoding: chunked\r\n\r\n")
    peer.send_data(1, b"one")
    assert translation.receive(peer.data_to_send()) == b"3\r\none\r\n"
    peer.send_data(1, b"two", end_stream=True)
    assert translation.receive(peer.data_to_send()) == b"3\r\ntwo\r\n0\r\n\r\n"


def test_downloads_larger_than_the_windows_go_on() -> None:
    """What came is acknowledged: the windows, of 1 GiB, are open again by what was taken."""
    translation, peer, reader = Translation(), server(), ResponseReader()
    translation.send(GET)
    peer.receive_data(translation.take())
    before = peer.outbound_flow_control_window
    peer.send_headers(1, [(":status", "200")])
    reader.feed(translation.receive(peer.data_to_send()))
    for _ in range(3 * 64):
        peer.send_data(1, b"x" * 16384)
        reader.feed(translation.receive(peer.data_to_send()))
        peer.receive_data(translation.take())
    assert before == (1 << 30) - 1
    assert before - peer.outbound_flow_control_window < 1 << 20
    assert before - peer.local_flow_control_window(1) < 1 << 20


def test_the_last_piece_of_a_large_answer_may_be_the_one_to_acknowledge() -> None:
    """Its stream has ended by then, and takes no frame any more."""
    translation, peer, reader = Translation(), server(), ResponseReader()
    for _ in range(3):
        translation.send(GET)
        (stream,) = Served().take(peer, peer.receive_data(translation.take()))
        plain(*[b"x" * 16384] * 65)(peer, stream)
        response = reader.feed(translation.receive(peer.data_to_send()))
        assert response is not None
        assert len(response.body) == 65 * 16384


# --- faults


def broken_length(connection: H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200"), ("content-length", "9")])
    connection.send_data(stream, b"hello", end_stream=True)


FAULTS: dict[str, tuple[Answer, str]] = {
    "refused": (reset(7), "reset: REFUSED_STREAM"),
    "internal": (reset(2), "reset: INTERNAL_ERROR"),
    "unknown code": (reset(4711), "reset: error 4711"),
    "another length": (broken_length, "garbage: body of another length than its Content-Length"),
}


@pytest.mark.parametrize(("answer", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_has_its_name(answer: Answer, fault: str) -> None:
    with pytest.raises(Http2Error) as caught:
        ask(GET, answer)
    assert str(caught.value) == fault


@pytest.fixture
def asked() -> tuple[Translation, H2Connection]:
    """A request under way, which the server has read."""
    translation, peer = Translation(), server()
    translation.receive(peer.data_to_send())
    translation.send(GET)
    peer.receive_data(translation.take())
    peer.data_to_send()
    return translation, peer


def test_data_after_the_end_is_dropped_and_the_server_hears_of_it(
    asked: tuple[Translation, H2Connection],
) -> None:
    """So does h2; in HTTP/2 such bytes can be taken for no other answer."""
    translation, peer = asked
    plain(b"hello")(peer, 1)
    data_frame = b"\x00\x00\x03\x00\x00\x00\x00\x00\x01abc"
    response = ResponseReader().feed(translation.receive(peer.data_to_send() + data_frame))
    assert response is not None
    assert response.body == b"hello"
    assert rst(1, 5) in translation.take()


def test_a_reset_in_the_middle(asked: tuple[Translation, H2Connection]) -> None:
    translation, peer = asked
    peer.send_headers(1, [(":status", "200")])
    peer.send_data(1, b"hel")
    assert translation.receive(peer.data_to_send())
    with pytest.raises(Http2Error, match="reset: CANCEL"):
        translation.receive(rst(1, 8))


def test_an_answer_before_the_upload_is_over_stands() -> None:
    """RFC 9113, section 8.1: a server may answer early, and then asks for no more by a reset without an error."""
    translation, peer, reader = Translation(), server(), ResponseReader()
    translation.send(UPLOAD)
    peer.receive_data(translation.take())
    plain(b"too large", status="413")(peer, 1)
    response = reader.feed(translation.receive(peer.data_to_send()))
    assert response is not None
    assert (response.status, response.body) == (413, b"too large")
    translation.send(UPLOAD)
    assert translation.receive(rst(1, 0)) == b""  # of the first, while the second waits for room
    peer.increment_flow_control_window(1 << 20)  # what it never read was counted all the same
    served = Served()
    assert converse(translation, peer, served, plain(b"hello")).endswith(b"hello\r\n0\r\n\r\n")
    assert served.bodies[3] == BODY


def test_an_early_answer_and_the_reset_may_come_as_one() -> None:
    translation, peer, reader = Translation(), server(), ResponseReader()
    translation.send(UPLOAD)
    peer.receive_data(translation.take())
    plain(b"too large", status="413")(peer, 1)
    response = reader.feed(translation.receive(peer.data_to_send() + rst(1, 0)))
    assert response is not None
    assert response.status == 413


def test_an_answer_after_goaway_stands_and_ends_the_connection(
    asked: tuple[Translation, H2Connection],
) -> None:
    translation, peer = asked
    plain(b"hello")(peer, 1)
    reader = ResponseReader()
    response = reader.feed(translation.receive(goaway(1) + peer.data_to_send()))
    assert response is not None
    assert response.body == b"hello"
    assert not reader.keep_alive
    assert translation.is_over
    with pytest.raises(UnreadError):
        translation.send(GET)


def test_goaway_in_the_middle_of_a_body(asked: tuple[Translation, H2Connection]) -> None:
    translation, peer = asked
    peer.send_headers(1, [(":status", "200")])
    peer.send_data(1, b"hel")
    reader = ResponseReader()
    assert reader.feed(translation.receive(peer.data_to_send())) is None
    assert translation.receive(goaway((1 << 31) - 1)) == b""  # the first of two, as graceful servers send
    assert not translation.is_over
    peer.send_data(1, b"lo", end_stream=True)
    response = reader.feed(translation.receive(peer.data_to_send() + goaway(1)))
    assert response is not None
    assert response.body == b"hello"
    assert translation.is_over


def test_goaway_that_leaves_the_request_unread(asked: tuple[Translation, H2Connection]) -> None:
    with pytest.raises(UnreadError):
        asked[0].receive(goaway(0))


def test_goaway_with_an_error_fails_the_request(asked: tuple[Translation, H2Connection]) -> None:
    with pytest.raises(Http2Error, match="goaway: ENHANCE_YOUR_CALM"):
        asked[0].receive(goaway(1, 11))


def test_goaway_of_an_idle_connection() -> None:
    translation = Translation()
    assert translation.receive(server().data_to_send() + goaway(0)) == b""
    assert translation.is_over


def test_a_server_of_http1() -> None:
    translation = Translation()
    translation.send(GET)
    with pytest.raises(Http2Error, match=r"garbage: an answer of HTTP/1\.1"):
        translation.receive(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def test_a_request_that_closes_closes() -> None:
    """Close is a word of HTTP/1.1: here the client does it by itself, and the answer says so."""
    translation, reader = Translation(), ResponseReader()
    translation.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert reader.feed(converse(translation, server(), Served(), plain(b"hello", headers=HELLO))) is not None
    assert not reader.keep_alive
