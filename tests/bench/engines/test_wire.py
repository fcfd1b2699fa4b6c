"""Answers of HTTP/1.1 on the wire, held against h11: another implementation, written from the same standard."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import NamedTuple

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.engines.encoding import encode
from bench.engines.wire import ResponseReader, WireError
from bench.system.alarm import Overdue
from scenarios.model import Request, Response
from tests.bench.engines.wires import cut

quick = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Worker: 7\r\n\r\n"
    b"5;name=value\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nExpires: never\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


class Answer(NamedTuple):
    """What both parsers must agree on."""

    status: int
    body: bytes
    keep_alive: bool


def read(pieces: Iterable[bytes], *, head: bool = False, closed: bool = False) -> Answer | None:
    """What our reader makes of these pieces, and of the peer's closing after them."""
    reader = ResponseReader()
    answers = [reader.feed(piece, head) for piece in pieces]
    *early, last = [*answers, reader.eof()] if closed else answers
    found = [answer for answer in (*early, last) if answer is not None]
    assert len(found) <= 1
    assert not any(early) or closed, "an answer before its last byte"
    return Answer(found[0].status, found[0].body, reader.keep_alive) if found else None


def read_by_h11(wire: bytes, *, method: str = "GET", closed: bool = False) -> Answer:
    """What h11 makes of the same bytes."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(wire)
    if closed:
        client.receive_data(b"")
    status, body = 0, bytearray()
    while type(event := client.next_event()) is not h11.EndOfMessage:
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
        else:
            assert isinstance(event, h11.InformationalResponse), event
    usable = client.our_state is h11.DONE and client.their_state is h11.DONE
    return Answer(status, bytes(body), usable and not closed)


def single_bytes(wire: bytes) -> list[bytes]:
    return [wire[place : place + 1] for place in range(len(wire))]


class Sent(NamedTuple):
    """An answer as a server put it on the wire."""

    method: str
    wire: bytes
    body: bytes
    closes: bool


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    """An answer written by h11 in one of the ways that HTTP/1.1 knows, interim answers in front."""
    method = draw(st.sampled_from(["GET", "GET", "HEAD"]))
    status = draw(st.sampled_from([200, 201, 204, 304, 404, 500]))
    pieces = draw(st.lists(st.binary(max_size=40), max_size=4))
    framing = draw(st.sampled_from(["content-length", "chunked", "close"]))
    tokens = st.text("abcdefghij", min_size=1, max_size=8)
    values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
    headers = [(f"X-{name}", value) for name, value in draw(st.lists(st.tuples(tokens, values), max_size=3))]
    if status in (204, 304):
        pieces = []
    elif framing == "content-length":
        headers.append(("Content-Length", str(sum(map(len, pieces)))))
    elif framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    if framing == "close":
        headers.append(("Connection", "close"))
    if method == "HEAD":
        pieces = []
        headers = [(n, "70" if n == "Content-Length" else value) for n, value in headers]
    server = h11.Connection(h11.SERVER)
    server.receive_data(encode(Request(method, "/"), "x"))
    while type(server.next_event()) is not h11.EndOfMessage:
        pass
    events: list[h11.Event] = [h11.Response(status_code=status, headers=headers)]
    events += [*(h11.Data(data=piece) for piece in pieces), h11.EndOfMessage()]
    interim = b"".join(draw(st.lists(st.sampled_from(INTERIM), max_size=2)))
    wire = interim + b"".join(server.send(event) or b"" for event in events)
    return Sent(method, wire, b"".join(pieces), framing == "close")


INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n",
]


@quick
@given(sent(), st.lists(st.integers(0, 10_000), max_size=6))
def test_any_answer_in_any_pieces_is_read_as_h11_reads_it(answer: Sent, places: list[int]) -> None:
    expected = read_by_h11(answer.wire, method=answer.method, closed=answer.closes)
    assert expected.body == answer.body

    for pieces in ([answer.wire], cut(answer.wire, places), single_bytes(answer.wire)):
        assert read(pieces, head=answer.method == "HEAD", closed=answer.closes) == expected


ROWS = {
    "content-length": (OK, "GET", False),
    "an empty body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", False),
    "chunked, with an extension and a trailer": (CHUNKED, "GET", False),
    "chunked and empty": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET", False),
    "until the connection closes": (UNTIL_CLOSE, "GET", True),
    "204 has no body": (NO_CONTENT, "GET", False),
    "304 has no body, whatever length it names": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
        "GET",
        False,
    ),
    "HEAD names a length and sends nothing": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
        "HEAD",
        False,
    ),
    "HEAD of a chunked answer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", False),
    "HEAD without a length leaves the connection usable": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
        "HEAD",
        False,
    ),
    "100 Continue goes before the answer": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, "POST", False),
    "HTTP/1.0 closes by default": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET", True),
    "header names and values in any case": (
        b"HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh: 2\r\ncOnNeCtIoN: ClOsE\r\n\r\nok",
        "GET",
        True,
    ),
    "close among other connection options": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: foo, close\r\n\r\nok",
        "GET",
        True,
    ),
    "close in the first of two Connection lines": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nConnection: foo\r\n\r\nok",
        "GET",
        True,
    ),
    "chunked, and a length as well": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "GET",
        False,
    ),
    "two lengths alike": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "GET",
        False,
    ),
    "a header line that is continued": (
        b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nContent-Length: 2\r\n\r\nok",
        "GET",
        False,
    ),
    "a length that is continued": (
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok",
        "GET",
        False,
    ),
    "lines that end with LF alone": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "GET", False),
    "no reason phrase": (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "GET", False),
    "a body that looks like the end of a head": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n",
        "GET",
        False,
    ),
    "space around a length": (b"HTTP/1.1 200 OK\r\nContent-Length:   2  \r\n\r\nok", "GET", False),
}


@pytest.mark.parametrize(("wire", "method", "closed"), ROWS.values(), ids=ROWS)
def test_an_answer_is_read_as_h11_reads_it(wire: bytes, method: str, closed: bool) -> None:
    expected = read_by_h11(wire, method=method, closed=closed)

    assert read([wire], head=method == "HEAD", closed=closed) == expected
    assert read(single_bytes(wire), head=method == "HEAD", closed=closed) == expected


LENIENT = {
    "lines that end in either way": b"HTTP/1.1 200 OK\nContent-Length: 4\r\n\n\r\n\r\n",
    "an empty line before the answer": b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    "an empty LF before the answer": b"\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    "no space after the status": b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    "a later version of HTTP/1": b"HTTP/1.9 200 OK\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
}


@pytest.mark.parametrize("wire", LENIENT.values(), ids=LENIENT)
def test_an_answer_may_be_odd(wire: bytes) -> None:
    """As RFC 9112 allows a reader to accept it; h11 does not."""
    for pieces in ([wire], single_bytes(wire)):
        assert read(pieces) == Answer(200, b"\r\n\r\n", True)


def test_http_1_0_with_keep_alive_keeps_the_connection() -> None:
    wire = b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"

    assert read([wire]) == Answer(200, b"ok", True)  # h11 never does: RFC 9112, section 9.3, allows it


BROKEN = {
    "not HTTP at all": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "another version": b"HTTP/2.0 200 OK\r\n\r\n",
    "nothing but blank lines": b"\r\n\r\n\r\n\r\n",
    "a status that is no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
    "a length with a sign": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "two lengths in a list": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
    "a length beyond any memory": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\nhello",
    "a chunk size that is no number": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk longer than it says": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"
    ),
    "a switch to another protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    ),
}


@pytest.mark.parametrize("wire", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_breaks_the_standard_is_garbage(wire: bytes) -> None:
    for pieces in ([wire], single_bytes(wire)):
        with pytest.raises(WireError):
            read(pieces)


REASONS = {
    "not an HTTP/1.1 response": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "broken header line": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n",
    "duplicate Content-Length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "Content-Length is not a number": b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
    "Content-Length is too large": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\nhello",
    "unknown Transfer-Encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "switch to another protocol": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "bytes after the end of the answer": OK + b"!",
    "head without end": b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 300_000,
}


@pytest.mark.parametrize(("reason", "wire"), REASONS.items(), ids=REASONS)
def test_garbage_says_why(reason: str, wire: bytes) -> None:
    with pytest.raises(WireError) as caught:
        read([wire])
    assert str(caught.value) == f"garbage: {reason}"


def gzipped(framing: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + framing + b"\r\n\r\n" + body


WORDS = gzip.compress(b"welcome" * 100)
COMPRESSED = {
    "with a length": (gzipped(b"Content-Length: %d" % len(WORDS), WORDS), False),
    "in chunks": (
        gzipped(b"Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(WORDS), WORDS)),
        False,
    ),
    "until the connection closes": (gzipped(b"X: 1", WORDS), True),
}


@pytest.mark.parametrize(("wire", "closed"), COMPRESSED.values(), ids=COMPRESSED)
def test_a_compressed_body_is_decoded(wire: bytes, closed: bool) -> None:
    answer = read([wire], closed=closed)
    assert answer is not None
    assert answer.body == b"welcome" * 100


def test_a_compressed_body_that_breaks_off_is_a_fault() -> None:
    half = WORDS[: len(WORDS) // 2]
    with pytest.raises(WireError) as caught:
        read([gzipped(b"Content-Length: %d" % len(half), half)])
    assert str(caught.value) == "undecodable: broken gzip"


def test_no_body_has_nothing_to_decode() -> None:
    assert read([gzipped(b"Content-Length: 70", b"")], head=True) == Answer(200, b"", True)
    assert read([gzipped(b"Content-Length: 0", b"")]) == Answer(200, b"", True)


AFTER_THE_END = {
    "a stray byte": (OK, b"!"),
    "a second answer": (OK, OK),
    "a stray byte after the last chunk": (CHUNKED, b"!"),
    "a second answer after the last chunk": (CHUNKED, OK),
    "a second chunked answer": (CHUNKED, CHUNKED),
    "a body after 204": (NO_CONTENT, b"hello"),
}


@pytest.mark.parametrize(("wire", "more"), AFTER_THE_END.values(), ids=AFTER_THE_END)
def test_bytes_after_the_end_are_garbage(wire: bytes, more: bytes) -> None:
    for pieces in ([wire + more], [wire[:-1], wire[-1:] + more]):
        with pytest.raises(WireError):
            read(pieces)


def test_a_body_after_the_answer_to_head_is_garbage() -> None:
    with pytest.raises(WireError):
        read([OK], head=True)


@quick
@given(st.binary(min_size=7, max_size=60).filter(lambda data: data[0] not in b"\r\nH"))
def test_garbage_is_known_by_its_seventh_byte(data: bytes) -> None:
    for pieces in ([data], single_bytes(data[:7])):
        with pytest.raises(WireError):
            read(pieces)


@quick
@given(st.binary(max_size=200))
def test_whatever_follows_a_status_line_nothing_but_a_wire_error_is_raised(data: bytes) -> None:
    reader = ResponseReader()
    try:
        reader.feed(b"HTTP/1.1 200 OK\r\n" + data)
        reader.feed(b"\r\n\r\n")
    except WireError:
        pass


def test_a_head_without_end_is_garbage_before_it_fills_the_memory() -> None:
    endless = (b"HTTP/1.1 200 OK\r\nX-Long: ", *[b"x" * 1000] * 300)

    with pytest.raises(WireError):
        read(endless)


@quick
@given(sent(), st.data())
def test_a_cut_off_answer_is_none(answer: Sent, data: st.DataObject) -> None:
    """Only an answer that ends with its connection can be cut off without a trace."""
    head_ends = answer.wire.rindex(b"\r\n\r\n", 0, len(answer.wire) - len(answer.body)) + 4
    last = head_ends if answer.closes else len(answer.wire)
    cut_at = data.draw(st.integers(0, last - 1))
    reader = ResponseReader()

    assert reader.feed(answer.wire[:cut_at], answer.method == "HEAD") is None
    assert reader.eof() is None


@pytest.mark.parametrize("wire", [OK, CHUNKED, UNTIL_CLOSE], ids=["content-length", "chunked", "until close"])
def test_it_is_started_from_the_first_byte_to_the_last(wire: bytes) -> None:
    reader = ResponseReader()
    assert not reader.started
    for piece in single_bytes(wire)[:-1]:
        reader.feed(piece)
        assert reader.started
    assert (reader.feed(wire[-1:]) or reader.eof()) is not None
    assert not reader.started


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, Overdue])
def test_an_interruption_within_a_chunk_is_no_fault_of_the_server(
    interruption: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_body(self: object, piece: bytes) -> None:
        raise interruption

    monkeypatch.setattr("bench.engines.wire._Chunks.on_body", on_body)
    with pytest.raises(interruption):
        ResponseReader().feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")


def test_it_says_from_the_head_on_whether_the_end_was_known_ahead() -> None:
    reader = ResponseReader()
    for wire, is_open in ((CHUNKED, True), (OK, False), (CHUNKED, True), (UNTIL_CLOSE, True)):
        head = wire.index(b"\r\n\r\n") + 4
        reader.feed(wire[: head - 2])
        assert not reader.open_ended
        reader.feed(wire[head - 2 : head])
        assert reader.open_ended is is_open
        reader.feed(wire[head:])
        assert reader.open_ended is is_open
    assert reader.eof() is not None
    assert reader.open_ended


def test_an_answer_to_head_has_no_body_that_could_be_open_ended() -> None:
    reader = ResponseReader()
    assert reader.feed(CHUNKED[: CHUNKED.index(b"\r\n\r\n") + 4], bodyless=True) is not None
    assert not reader.open_ended


def test_answers_of_one_connection_are_read_one_after_the_other() -> None:
    reader = ResponseReader()
    found: list[Response | None] = []
    for wire in (OK, CHUNKED, NO_CONTENT, CHUNKED, OK):
        for piece in (wire[:30], wire[30:]):
            found += [answer for answer in [reader.feed(piece)] if answer and piece]

    assert [answer and answer.body for answer in found] == [
        b"hello",
        b"hello world",
        b"",
        b"hello world",
        b"hello",
    ]


WORKERS = {
    "a pid": (b"4242", 4242),
    "none": (None, 0),
    "a name": (b"worker-1", 0),
    "a negative number": (b"-4", 0),
    "empty": (b"", 0),
    "no pid that a kernel gives": (b"9" * 12, 0),
    "more digits than Python converts": (b"9" * 5000, 0),
}


@pytest.mark.parametrize(("value", "expected"), WORKERS.values(), ids=WORKERS)
def test_the_worker_is_the_one_that_the_answer_names(value: bytes | None, expected: int) -> None:
    line = b"" if value is None else b"x-worker: " + value + b"\r\n"
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nX-Worker: 99\r\nContent-Length: 0\r\n\r\n")
    reader.feed(b"HTTP/1.1 200 OK\r\n" + line + b"Content-Length: 0\r\n\r\n")

    assert reader.worker == expected


def test_a_response_carries_its_header_lines() -> None:
    response = ResponseReader().feed(
        b"HTTP/1.1 201 Created\r\nLocation: /items/7\r\nContent-Length: 0\r\n\r\n"
    )

    assert response is not None
    assert response.header("location") == "/items/7"


ENDLESS = {
    "in chunks": (b"Transfer-Encoding: chunked", b"3e8\r\n" + b"a" * 1000 + b"\r\n"),
    "until the close": (b"X-A: b", b"a" * 1000),
    "announced": (b"Content-Length: 9999999", b"a" * 1000),
}


@pytest.mark.parametrize(("line", "piece"), ENDLESS.values(), ids=ENDLESS)
def test_a_body_has_a_bound(line: bytes, piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never ends would take all memory before its time is over."""
    monkeypatch.setattr("bench.engines.wire._BODY_LIMIT_BYTES", 100_000)
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")
    for _ in range(98):
        assert reader.feed(piece) is None
    with pytest.raises(WireError, match="garbage: body over"):
        reader.feed(piece * 3)
