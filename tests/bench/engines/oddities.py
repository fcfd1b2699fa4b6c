"""Odd answers with the verdict that each deserves, and requests with the bytes that each must be, all written by hand.

A file of scenarios, too: its one scenario makes all of these requests in turn, a session each.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import brotli
import zstandard

from scenarios.model import Check, Flow, Request, Response, Scenario

OK = b"HTTP/1.1 200 OK\r\n"
TWO = b"Content-Length: 2\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CLOSE = b"Connection: close\r\n"
LONG = b"0123456789abcdef" * 20_000


class Odd(NamedTuple):
    """An answer, what becomes of the connection after it, and the verdict on it, RFC 9112 in hand."""

    wire: bytes
    verdict: str = "ok"
    body: bytes = b"ok"
    method: str = "GET"
    expect: int | tuple[int, ...] = 200
    then: str = "keep"
    check: Check | None = None
    in_pieces: bool = False


def head(line: bytes, verdict: str = "ok") -> Odd:
    """An answer with one more header line."""
    return Odd(OK + line + b"\r\n" + TWO + b"\r\nok", verdict)


def chunked(chunks: bytes, verdict: str = "ok") -> Odd:
    return Odd(OK + CHUNKED + b"\r\n" + chunks, verdict)


def coded(coding: bytes, body: bytes, verdict: str = "ok", then: str = "keep") -> Odd:
    length = b"" if then == "close" else b"Content-Length: %d\r\n" % len(body)
    return Odd(OK + b"Content-Encoding: " + coding + b"\r\n" + length + b"\r\n" + body, verdict, then=then)


def garbage(wire: bytes, reason: str) -> Odd:
    return Odd(wire, f"garbage: {reason}", then="close")


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


def has_two_cookies(response: Response) -> bool:
    return response.header_values("Set-Cookie") == ["a=1; Path=/odd", "b=2"]


def is_unfolded(response: Response) -> bool:
    return response.headers["x-long"] == "first second"


def says_cafe(response: Response) -> bool:
    return response.header("x-name") == "caf\xe9"


AFTER_THE_END = "bytes after the end of the answer"
NOT_HTTP = "not an HTTP/1.1 response"
NO_NUMBER = "Content-Length is not a number"
GZIP = gzip.compress(b"ok")

ANSWERS = {
    "plain": Odd(OK + TWO + b"\r\nok"),
    "empty": Odd(OK + b"Content-Length: 0\r\n\r\n", body=b""),
    "long": Odd(OK + b"Content-Length: %d\r\n\r\n" % len(LONG) + LONG, body=LONG),
    "body-like-a-head": Odd(
        OK + b"Content-Length: 23\r\n\r\n\r\n\r\n" + OK + b"\r\n", body=b"\r\n\r\n" + OK + b"\r\n"
    ),
    "chunked": chunked(b"2\r\nok\r\n0\r\n\r\n"),
    "chunked-extensions": chunked(b"1;a=1\r\no\r\n1;b\r\nk\r\n0\r\n\r\n"),
    "chunked-trailers": chunked(b"2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"),
    "chunked-zeros": chunked(b"0002\r\nok\r\n000\r\n\r\n"),
    "chunked-upper": Odd(OK + b"TRANSFER-ENCODING: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "chunked-empty": Odd(OK + CHUNKED + b"\r\n0\r\n\r\n", body=b""),
    "chunked-with-length": Odd(OK + TWO + CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n"),
    "two-lengths-alike": head(b"Content-Length: 2"),
    "lengths-in-a-list": Odd(OK + b"Content-Length: 2, 2\r\n\r\nok"),
    "folded": Odd(OK + b"X-Long: first\r\n  second\r\n" + TWO + b"\r\nok", check=is_unfolded),
    "folded-length": Odd(OK + b"Content-Length:\r\n\t2\r\n\r\nok"),
    "tabs": Odd(OK + b"Content-Length:\t2\t\r\n\r\nok"),
    "lower-case": Odd(OK + b"content-length: 2\r\n\r\nok"),
    "no-space": Odd(OK + b"Content-Length:2\r\n\r\nok"),
    "no-value": head(b"X-Empty:"),
    "odd-name": head(b"X!#$%&'*+-.^_`|~: 1"),
    "latin-1": Odd(OK + b"X-Name: caf\xe9\r\n" + TWO + b"\r\nok", check=says_cafe),
    "utf-8": head("X-Name: café".encode()),
    "two-cookies": Odd(
        OK + TWO + b"Set-Cookie: a=1; Path=/odd\r\nset-cookie:b=2\r\n\r\nok", check=has_two_cookies
    ),
    "no-reason": Odd(b"HTTP/1.1 200\r\n" + TWO + b"\r\nok"),
    "empty-reason": Odd(b"HTTP/1.1 200 \r\n" + TWO + b"\r\nok"),
    "odd-reason": Odd(b"HTTP/1.1 200 D'accord, caf\xe9: 500\r\n" + TWO + b"\r\nok"),
    "big-head": Odd(OK + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(60)) + TWO + b"\r\nok"),
    "many-lines": Odd(OK + b"X-A: 1\r\n" * 300 + TWO + b"\r\nok"),
    "bare-lf": Odd(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    "mixed-ends": Odd(b"HTTP/1.1 200 OK\r\nX-A: 1\nContent-Length: 2\r\n\nok"),
    "empty-line-first": Odd(b"\r\n" + OK + TWO + b"\r\nok"),
    "in-pieces": Odd(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + TWO + b"\r\nok", in_pieces=True),
    "interim-103": Odd(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + TWO + b"\r\nok"),
    "interim-100-twice": Odd(b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + OK + TWO + b"\r\nok"),
    "interim-102-chunked": Odd(
        b"HTTP/1.1 102 Processing\r\n\r\n" + OK + CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "204": Odd(b"HTTP/1.1 204 No Content\r\n\r\n", body=b"", method="DELETE", expect=204),
    "204-with-length": Odd(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", body=b"", expect=204),
    "204-with-encoding": Odd(
        b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n", body=b"", expect=204
    ),
    "304-with-length": Odd(
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n", body=b"", expect=304
    ),
    "304-chunked": Odd(b"HTTP/1.1 304 Not Modified\r\n" + CHUNKED + b"\r\n", body=b"", expect=304),
    "head": Odd(OK + b"Content-Length: 2000\r\n\r\n", body=b"", method="HEAD"),
    "head-chunked": Odd(OK + CHUNKED + b"\r\n", body=b"", method="HEAD"),
    "head-without-length": Odd(OK + b"\r\n", body=b"", method="HEAD"),
    "head-coded": Odd(OK + b"Content-Encoding: br\r\nContent-Length: 9\r\n\r\n", body=b"", method="HEAD"),
    "post": Odd(OK + TWO + b"\r\nok", method="POST"),
    "created": Odd(b"HTTP/1.1 201 Created\r\n" + TWO + b"\r\nok", expect=201),
    "one-of-several": Odd(b"HTTP/1.1 409 Conflict\r\n" + TWO + b"\r\nok", expect=(200, 409)),
    "odd-status": Odd(b"HTTP/1.1 799 Whatever\r\n" + TWO + b"\r\nok", expect=799),
    "expected-error": Odd(b"HTTP/1.1 500 Oh\r\n" + TWO + b"\r\nok", expect=500),
    "http10": Odd(b"HTTP/1.0 200 OK\r\n\r\nok", then="close"),
    "http10-length": Odd(b"HTTP/1.0 200 OK\r\n" + TWO + b"\r\nok", then="close"),
    "http10-keep-alive": Odd(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + TWO + b"\r\nok"),
    "http19": Odd(b"HTTP/1.9 200 OK\r\n" + TWO + b"\r\nok"),
    "close": Odd(OK + CLOSE + TWO + b"\r\nok", then="close"),
    "close-in-a-list": Odd(OK + b"Connection: x-a, CLOSE\r\n" + TWO + b"\r\nok", then="close"),
    "close-chunked": Odd(OK + CLOSE + CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n", then="close"),
    "close-and-stay": Odd(OK + CLOSE + TWO + b"\r\nok", then="hang"),
    "until-close": Odd(OK + b"\r\nok", then="close"),
    "until-close-empty": Odd(OK + CLOSE + b"\r\n", body=b"", then="close"),
    "gzip": coded(b"gzip", GZIP),
    "gzip-upper": coded(b"GZIP", GZIP),
    "gzip-until-close": coded(b"gzip", GZIP, then="close"),
    "gzip-chunked": Odd(
        OK + CHUNKED + b"Content-Encoding: x-gzip\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(GZIP), GZIP)
    ),
    "gzip-empty": Odd(OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", body=b""),
    "deflate": coded(b"deflate", zlib.compress(b"ok")),
    "deflate-raw": coded(b"deflate", raw_deflate(b"ok")),
    "br": coded(b"br", brotli.compress(b"ok")),
    "zstd": coded(b"zstd", zstandard.ZstdCompressor().compress(b"ok")),
    "identity": coded(b"identity", b"ok"),
    "two-codings": coded(b"gzip, br", brotli.compress(GZIP)),
    "broken-gzip": coded(b"gzip", b"ok", "undecodable: broken gzip"),
    "cut-gzip": coded(b"gzip", GZIP[:-4], "undecodable: broken gzip"),
    "unknown-coding": coded(b"snappy", b"ok", "undecodable: unknown Content-Encoding"),
    "error": Odd(b"HTTP/1.1 503 Service Unavailable\r\n" + TWO + b"\r\nok", "status-503"),
    "redirect": Odd(b"HTTP/1.1 302 Found\r\nLocation: /odd/plain\r\n" + TWO + b"\r\nok", "status-302"),
    "none-of-several": Odd(b"HTTP/1.1 404 Not Found\r\n" + TWO + b"\r\nok", "status-404", expect=(200, 409)),
    "wrong-body": Odd(OK + TWO + b"\r\nno", "wrong-body"),
    "cut": Odd(OK + b"Content-Length: 2000\r\n\r\nok", "truncated", then="close"),
    "cut-before-the-body": Odd(OK + TWO + b"\r\n", "truncated", then="close"),
    "cut-chunk": Odd(OK + CHUNKED + b"\r\n5\r\nok", "truncated", then="close"),
    "cut-before-the-last-chunk": Odd(OK + CHUNKED + b"\r\n2\r\nok\r\n", "truncated", then="close"),
    "cut-head": Odd(OK + b"Content-Len", "truncated", then="close"),
    "cut-status-line": Odd(b"HTTP/1.", "truncated", then="close"),
    "cut-after-interim": Odd(b"HTTP/1.1 100 Continue\r\n\r\n", "truncated", then="close"),
    "cut-by-reset": Odd(OK + b"Content-Length: 2000\r\n\r\nok", "truncated", then="reset"),
    "until-reset": Odd(OK + b"\r\nok", "truncated", then="reset"),
    "no-answer": Odd(b"", "reset", then="close"),
    "reset": Odd(b"", "reset", method="POST", then="reset"),
    "silent": Odd(b"", "timeout", then="hang"),
    "stalls": Odd(OK + b"Content-Length: 2000\r\n\r\nok", "timeout", then="hang"),
    "ssh": garbage(b"SSH-2.0-OpenSSH_9.6\r\n", NOT_HTTP),
    "http2": garbage(b"HTTP/2.0 200 OK\r\n" + TWO + b"\r\nok", NOT_HTTP),
    "http09": garbage(b"<html>ok</html>\r\n\r\n", NOT_HTTP),
    "status-word": garbage(b"HTTP/1.1 two OK\r\n" + TWO + b"\r\nok", NOT_HTTP),
    "status-099": garbage(b"HTTP/1.1 099 OK\r\n" + TWO + b"\r\nok", NOT_HTTP),
    "status-2000": garbage(b"HTTP/1.1 2000 OK\r\n" + TWO + b"\r\nok", NOT_HTTP),
    "two-empty-lines-first": garbage(b"\r\n\r\n" + OK + TWO + b"\r\nok", NOT_HTTP),
    "no-colon": head(b"nonsense", "garbage: broken header line"),
    "space-before-colon": head(b"X-A : 1", "garbage: broken header line"),
    "no-name": head(b": 1", "garbage: broken header line"),
    "nul": head(b"X-A: a\0b", "garbage: broken header line"),
    "bare-cr": head(b"X-A: a\rb", "garbage: broken header line"),
    "two-lengths": garbage(OK + TWO + b"Content-Length: 3\r\n\r\nok", "duplicate Content-Length"),
    "two-lengths-in-a-list": garbage(OK + b"Content-Length: 2, 3\r\n\r\nok", "duplicate Content-Length"),
    "length-word": garbage(OK + b"Content-Length: two\r\n\r\nok", NO_NUMBER),
    "length-empty": garbage(OK + b"Content-Length:\r\n\r\nok", NO_NUMBER),
    "length-negative": garbage(OK + b"Content-Length: -2\r\n\r\nok", NO_NUMBER),
    "length-signed": garbage(OK + b"Content-Length: +2\r\n\r\nok", NO_NUMBER),
    "length-hex": garbage(OK + b"Content-Length: 0x2\r\n\r\nok", NO_NUMBER),
    "length-huge": garbage(
        OK + b"Content-Length: 99999999999999999999\r\n\r\nok", "Content-Length is too large"
    ),
    "gzip-as-transfer": garbage(
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "unknown Transfer-Encoding"
    ),
    "chunk-word": garbage(OK + CHUNKED + b"\r\nxyz\r\nok\r\n0\r\n\r\n", "broken chunk"),
    "chunk-too-long": garbage(OK + CHUNKED + b"\r\n1\r\nok\r\n0\r\n\r\n", "broken chunk"),
    "switch": garbage(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "switch to another protocol"
    ),
    "stray-byte": garbage(OK + TWO + b"\r\nok!", AFTER_THE_END),
    "second-answer": garbage((OK + TWO + b"\r\nok") * 2, AFTER_THE_END),
    "stray-after-chunks": garbage(OK + CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n!", AFTER_THE_END),
    "body-after-204": Odd(
        b"HTTP/1.1 204 No Content\r\n\r\nok", f"garbage: {AFTER_THE_END}", expect=204, then="close"
    ),
    "body-after-head": Odd(OK + TWO + b"\r\nok", f"garbage: {AFTER_THE_END}", method="HEAD", then="close"),
}


GETS = "HTTP/1.1\r\nHost: AUTHORITY\r\n"


class Asked(NamedTuple):
    """A session of requests, each with the bytes that it must be."""

    requests: tuple[Request, ...]
    wires: tuple[bytes, ...]


def asked(wire: str, **fields: object) -> Asked:
    """A session of one request, whose path is that of the bytes."""
    method, path, _ = wire.split(" ", 2)
    return Asked((Request(method, path, **fields),), (wire.encode("latin-1"),))  # type: ignore[arg-type]


def cookies(*steps: tuple[str, str]) -> Asked:
    """A session of GETs: of each a path, and the Cookie that it must bring."""
    wires = [
        f"GET {path} {GETS}" + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n" for path, cookie in steps
    ]
    return Asked(tuple(Request("GET", path) for path, _ in steps), tuple(wire.encode() for wire in wires))


REQUESTS = {
    "get": asked(f"GET /ask/get {GETS}\r\n"),
    "query": asked(f"GET /ask/query?a=1&b=%20c&a=2 {GETS}\r\n"),
    "dots": asked(f"GET /ask/dots/../a/./b//c {GETS}\r\n"),
    "escapes": asked(f"GET /ask/%7Euser/%2f/{{id}}|x {GETS}\r\n"),
    "head": asked(f"HEAD /ask/head {GETS}\r\n"),
    "options": asked(f"OPTIONS /ask/options {GETS}\r\n"),
    "delete": asked(f"DELETE /ask/delete {GETS}\r\n"),
    "delete-with-body": asked(f"DELETE /ask/delete-with-body {GETS}Content-Length: 2\r\n\r\nhi", body=b"hi"),
    "get-with-body": asked(f"GET /ask/get-with-body {GETS}Content-Length: 2\r\n\r\nhi", body=b"hi"),
    "post": asked(f"POST /ask/post {GETS}Content-Length: 2\r\n\r\nhi", body=b"hi"),
    "post-without-body": asked(f"POST /ask/post-without-body {GETS}Content-Length: 0\r\n\r\n"),
    "put-without-body": asked(f"PUT /ask/put-without-body {GETS}Content-Length: 0\r\n\r\n"),
    "patch": asked(
        f"PATCH /ask/patch {GETS}X-A: 1\r\nContent-Length: 1\r\n\r\n\xff",
        body=b"\xff",
        headers=(("X-A", "1"),),
    ),
    "own-length": asked(
        f"POST /ask/own-length {GETS}content-length: 2\r\n\r\nhi",
        body=b"hi",
        headers=(("content-length", "2"),),
    ),
    "own-chunks": asked(
        f"POST /ask/own-chunks {GETS}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        body=b"2\r\nhi\r\n0\r\n\r\n",
        headers=(("Transfer-Encoding", "chunked"),),
    ),
    "own-host": asked(
        "GET /ask/own-host HTTP/1.1\r\nHost: shop.example\r\n\r\n", headers=(("Host", "shop.example"),)
    ),
    "own-host-lower": asked(
        "GET /ask/own-host-lower HTTP/1.1\r\nX-A: 1\r\nhost: shop.example\r\n\r\n",
        headers=(("X-A", "1"), ("host", "shop.example")),
    ),
    "encoding": asked(
        f"GET /ask/encoding {GETS}Accept-Encoding: gzip\r\n\r\n", headers=(("Accept-Encoding", "gzip"),)
    ),
    "agent": asked(
        f"GET /ask/agent {GETS}user-agent: me\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
        headers=(("user-agent", "me"), ("Accept", "*/*"), ("Connection", "keep-alive")),
    ),
    "twice": asked(
        f"GET /ask/twice {GETS}X-A: 1\r\nx-a: 2\r\nX-A: 1\r\n\r\n",
        headers=(("X-A", "1"), ("x-a", "2"), ("X-A", "1")),
    ),
    "odd-values": asked(
        f"GET /ask/odd-values {GETS}X-A: \r\nX-B: caf\xe9\r\nX-C:  two \r\n\r\n",
        headers=(("X-A", ""), ("X-B", "caf\xe9"), ("X-C", " two ")),
    ),
    "odd-method": asked(f"PURGE /ask/odd-method {GETS}\r\n"),
    "lower-method": asked(f"get /ask/lower-method {GETS}\r\n"),
    "large": asked(
        f"PUT /ask/large {GETS}Content-Length: 200000\r\n\r\n{'x' * 200_000}", body=b"x" * 200_000
    ),
    "own-cookie": asked(f"GET /ask/own-cookie {GETS}Cookie: a=1\r\n\r\n", headers=(("Cookie", "a=1"),)),
    "cookies": cookies(("/set/a", ""), ("/ask/cookies", "a=1; b=2"), ("/set/a", "a=1; b=2")),
    "cookies-by-path": cookies(
        ("/set/by-path", ""), ("/ask/x/1", "x=1; r=3"), ("/ask/y/1", "y=2; r=3"), ("/ask/z", "r=3")
    ),
    "cookies-deleted": cookies(("/set/b", ""), ("/set/b-deleted", "b=2"), ("/ask/cookies-deleted", "")),
}
"""Bytes in which AUTHORITY stands for the address of the server."""
SETS = {
    "/set/a": b"Set-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=2; Path=/\r\n",
    "/set/by-path": b"Set-Cookie: x=1; Path=/ask/x\r\nSet-Cookie: y=2; Path=/ask/y\r\nSet-Cookie: r=3; Path=/\r\n",
    "/set/b": b"Set-Cookie: b=2; Path=/\r\n",
    "/set/b-deleted": b"Set-Cookie: b=; Path=/; Max-Age=0\r\n",
}


def request_of(name: str, odd: Odd) -> Request:
    def check(response: Response) -> bool:
        return response.body == odd.body and (odd.check is None or odd.check(response))

    return Request(odd.method, f"/odd/{name}", name=name, expect=odd.expect, check=check)


ODD_REQUESTS = {name: request_of(name, odd) for name, odd in ANSWERS.items()}


def session(requests: tuple[Request, ...]) -> Callable[[Random], Flow]:
    def flow(_rng: Random) -> Flow:
        for request in requests:  # noqa: UP028 - an iterator of a tuple takes no responses
            yield request

    return flow


SESSIONS = [session((request,)) for request in ODD_REQUESTS.values()]
SESSIONS += [session(one.requests) for one in REQUESTS.values()]


class InTurn:
    """A flow that is each of the sessions in turn."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, rng: Random) -> Flow:
        self._next += 1
        return SESSIONS[self._next % len(SESSIONS)](rng)


SCENARIOS = {"in-turn": Scenario("in-turn", InTurn())}
