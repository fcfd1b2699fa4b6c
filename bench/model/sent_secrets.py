"""The secrets that an exchange carries, which an answer or a log may repeat anywhere, as one to a wrong login does."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from bench.model.secrets import is_secret_name, secret_values, secret_words

_LEAST_DIGITS = 6
"""Of a number under a name that looks secret; a shorter one is a limit more often."""

_TAG = re.compile(
    r"<(?:\w{1,40}:)?(?P<name>[A-Za-z_][\w.-]{0,80}+)[^<>]{0,200}+>(?:<!\[CDATA\[)?(?P<value>[^<]+?)(?=\]\]>|<|\Z)"
)
_QUOTED = re.compile(  # password: "value" of GraphQL, and "password": "value of JSON that was cut
    r"\b(?P<name>[A-Za-z_][\w.-]{0,80}+)\\?[\"']?\s{0,20}+[:=]\s{0,20}+(?P<open>\\?[\"'])"
    r"(?=(?P<value>.{1,1000}?)(?:(?<!\\)(?P=open)|\Z))",
    re.DOTALL,
)
_FIELD = re.compile(  # one of a multipart body
    r"[; ]name=(?P<quote>\"?)(?P<name>[^\"\r\n;]{1,200})(?P=quote)"
    r"[^\r\n]{0,300}+(?:\r?\n[^\r\n]{1,300}+){0,9}+\r?\n\r?\n"
    r"(?P<value>.{1,1000}?)(?=\r?\n--|\Z)",
    re.DOTALL,
)


def sent_secrets(sent: bytes, answered: bytes = b"") -> Iterator[str]:
    """The secrets in a request as it was sent, and in the header block of its answer, spelt as `secret_values` does."""
    head, _, body = sent.partition(b"\r\n\r\n")
    target = head.partition(b"\r\n")[0].decode("latin-1")
    yield from _in_pairs(target.partition("?")[2].partition(" ")[0])
    yield from _in_body(body.decode("utf-8", "replace"))
    for name, value in (*header_lines(head), *header_lines(answered)):
        yield from secret_values({name: value})
        if is_secret_name(name):
            yield from _in_header(name.lower(), value)


def header_lines(block: bytes) -> Iterator[tuple[str, str]]:
    """Name and value of each line of a header block after its first."""
    for line in block.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()


def _in_header(name: str, value: str) -> Iterator[str]:
    """The parts of a header's value that an answer may repeat alone: a token without `Bearer`, a cookie's value."""
    if name in ("cookie", "set-cookie"):
        pairs = value.split(";")[: 1 if name == "set-cookie" else None]
        for pair in pairs:
            yield from _as_secret(pair.partition("=")[2].strip().strip('"'))
        return
    scheme, _, rest = value.rpartition(" ")
    yield from _as_secret(rest)
    if scheme.lower() == "basic":
        yield from _as_secret(_decode(rest).partition(":")[2])


def _decode(credentials: str) -> str:
    try:
        return base64.b64decode(credentials).decode("utf-8", "replace")
    except ValueError:
        return ""


def _as_secret(value: str) -> tuple[str, ...]:
    return secret_values({"TOKEN": value})


def _in_body(text: str) -> Iterator[str]:
    try:
        yield from _in_json(json.loads(text))
    except (ValueError, RecursionError):
        yield from _in_pairs(text)
        yield from _in_text(text)
        for found in _FIELD.finditer(text):
            yield from secret_values({found["name"]: found["value"]})


def _in_json(value: object, name: str = "") -> Iterator[str]:
    """Those in a value under a name, which the values in a list share."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _in_json(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _in_json(one, name)
    elif isinstance(value, str):
        yield from _in_value(name, value)
    elif isinstance(value, (int, float)) and len(str(value)) >= _LEAST_DIGITS:
        yield from secret_values({name: str(value)})


def _in_pairs(text: str) -> Iterator[str]:
    """Those in a query or a form, as they stand there and decoded."""
    yield from secret_words(text.split("&"))
    for name, value in parse_qsl(text):
        yield from _in_value(name, value)


def _in_value(name: str, value: str) -> Iterator[str]:
    yield from secret_values({name: value})
    yield from _in_text(value)


def _in_text(text: str) -> Iterator[str]:
    """Those in marked-up or quoted text, such as XML, GraphQL, or JSON that was cut."""
    for found in (*_TAG.finditer(text), *_QUOTED.finditer(text)):
        yield from secret_values({found["name"]: found["value"]})
