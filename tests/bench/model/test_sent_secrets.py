"""Secrets are found in whatever form a request sends them, and what is harmless is left."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.secrets import mask_text
from bench.model.sent_secrets import sent_secrets

MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nann\r\n'
    b'--b\r\nContent-Disposition: form-data; name="password"\r\n'
    b"Content-Type: text/plain\r\n\r\nSommer 2026\r\n--b--\r\n"
)
BODIES = {
    "JSON": b'{"user": "ann", "password": "Sommer 2026"}',
    "a list in JSON": b'{"passwords": ["x", "Sommer 2026"]}',
    "JSON that was cut": b'{"password": "Sommer 2026", "user": "an',
    "JSON that was cut in the secret": b'{"password": "Sommer 2026',
    "JSON in chunks": b'2a\r\n{"user": "ann", "password": "Sommer 2026"}\r\n0\r\n\r\n',
    "a form with a plus": b"user=ann&password=Sommer+2026",
    "a form with percent": b"user=ann&password=Sommer%202026",
    "a form with brackets": b"user%5Bname%5D=ann&user%5Bpassword%5D=Sommer+2026",
    "a form in chunks": b"1d\r\nuser=ann&password=Sommer+2026\r\n0\r\n\r\n",
    "JSON in a form": b"data=%7B%22password%22%3A+%22Sommer+2026%22%7D",
    "a multipart form": MULTIPART,
    "XML": b"<login><user>ann</user><ns:userPassword a='b'>Sommer 2026</ns:userPassword></login>",
    "XML with indents": b"<login>\n  <password>Sommer 2026</password>\n</login>",
    "CDATA": b"<login><password><![CDATA[Sommer 2026]]></password></login>",
    "an attribute": b'<login user="ann" password="Sommer 2026"/>',
    "GraphQL": b'mutation { login(user: "ann", password: "Sommer 2026") { id } }',
    "GraphQL in JSON": rb'{"query": "mutation { login(user: \"ann\", password: \"Sommer 2026\") { id } }"}',
    "GraphQL in JSON that was cut": rb'{"query": "mutation { login(password: \"Sommer 2026\") { id',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_secret_in_a_body_is_found_as_an_answer_repeats_it(body: bytes) -> None:
    known = tuple(sent_secrets(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + body))
    assert mask_text('"user": "ann", "input": "Sommer 2026"', known) == '"user": "ann", "input": "***"'


BASIC = base64.b64encode(b"ann:Sommer-2026")
HEADS = {
    "query": b"GET /a?page=3&token=Sommer-2026 HTTP/1.1",
    "query with brackets": b"GET /a?user%5Btoken%5D=Sommer%2D2026 HTTP/1.1",
    "cookie": b"GET / HTTP/1.1\r\nCookie: a=1; sid=Sommer-2026; b=2",
    "quoted cookie": b'GET / HTTP/1.1\r\nCookie: sid="Sommer-2026"',
    "bearer": b"GET / HTTP/1.1\r\nAuthorization: Bearer Sommer-2026",
    "basic": b"GET / HTTP/1.1\r\nAuthorization: Basic " + BASIC,
    "key": b"GET / HTTP/1.1\r\nX-Api-Key: Sommer-2026",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_secret_in_a_head_is_found(head: bytes) -> None:
    assert "Sommer-2026" in set(sent_secrets(head + b"\r\n\r\n"))


def test_a_cookie_that_an_answer_sets_is_found_without_its_attributes() -> None:
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=Sommer-2026; Max-Age=3600; Path=/here; SameSite=Strict"
    known = tuple(sent_secrets(b"", head))
    assert mask_text("Sommer-2026 3600 /here Strict", known) == "*** 3600 /here Strict"


@pytest.mark.parametrize(
    "sent",
    [
        b'{"user": "ann", "page": 31415926, "max_tokens": 4096}',
        b"user=ann&page=31415926",
        b'--b\r\nContent-Disposition: form-data; name="user"; filename="password"\r\n\r\nann\r\n--b--\r\n',
        b"<user>ann</user>",
        b"\x00\xff{[",
    ],
)
def test_what_is_harmless_is_no_secret(sent: bytes) -> None:
    assert tuple(sent_secrets(b"POST /a?user=ann HTTP/1.1\r\nHost: x\r\n\r\n" + sent)) == ()


def test_a_number_under_a_secret_name_is_found() -> None:
    assert "31415926" in set(sent_secrets(b'POST / HTTP/1.1\r\n\r\n{"password": 31415926}'))


@pytest.mark.parametrize(
    "piece", [b"a.", b'a="', b"<a", b"[", b'; name="a"\r\na', b"a='\"", b"%41&=", b'{"a":']
)
def test_a_large_body_is_searched_at_once(piece: bytes) -> None:
    began_s = time.process_time()
    list(sent_secrets(b"POST / HTTP/1.1\r\n\r\n" + piece * (100_000 // len(piece))))
    assert time.process_time() - began_s < 5


@settings(max_examples=200, derandomize=True)
@given(sent=st.binary(max_size=300), answered=st.binary(max_size=100))
def test_any_bytes_are_searched(sent: bytes, answered: bytes) -> None:
    assert all(len(secret) >= 4 for secret in sent_secrets(sent, answered))
