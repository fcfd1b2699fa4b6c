"""Server-sent events: the examples of the HTML standard, and what any stream must keep."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.events import Event, read_events

STANDARD = {
    "one event of three lines": (
        b"data: YHOO\ndata: +2\ndata: 10\n\n",
        [Event("YHOO\n+2\n10")],
    ),
    "comments, ids, and an event whose end is missing": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        [Event("first event", id="1"), Event("second event", id="")],
    ),
    "an empty line of data, two of them, and no end": (
        b"data\n\ndata\ndata\n\ndata:",
        [Event(""), Event("\n")],
    ),
    "one space after the colon is left out": (
        b"data:test\n\ndata: test\n\n",
        [Event("test"), Event("test")],
    ),
}
"""The examples of section 9.2.6, with the events that it says they are."""


@pytest.mark.parametrize(("body", "events"), STANDARD.values(), ids=STANDARD)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_the_examples_of_the_standard(body: bytes, events: list[Event], end: bytes) -> None:
    assert read_events(body.replace(b"\n", end)) == events


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"event: add\ndata: 1\n\ndata: 2\n\n", [Event("1", "add"), Event("2")]),
        (b"event: add\n\ndata: 2\n\n", [Event("2")]),
        (b"event:\ndata: 1\n\n", [Event("1")]),
        (b"id: 7\n\ndata: 1\n\ndata: 2\n\n", [Event("1", id="7"), Event("2", id="7")]),
        (b"id: 7\nid: a\0b\ndata: 1\n\n", [Event("1", id="7")]),
        (b"retry: 10\nnonsense: 1\nDATA: 1\ndata : 1\ndata: 2\n\n", [Event("2")]),
        (b"data: a: b\n\n", [Event("a: b")]),
        (b"\xef\xbb\xbfdata: \xef\xbb\xbf\xff\n\n", [Event("\ufeff\ufffd")]),
        (b"data: a\x0bb\x0c\xc2\x85\xe2\x80\xa8\n\n", [Event("a\x0bb\x0c\x85\u2028")]),
        (b"data: 1\n\r\ndata: 2\r\r\n", [Event("1"), Event("2")]),
        (b"data: 1\n", []),
        (b"", []),
    ],
    ids=[
        *(
            "a type",
            "a type without data",
            "an empty type",
            "an id lasts",
            "an id with NUL",
            "unknown fields",
        ),
        *("a second colon", "a byte order mark", "other line ends", "mixed line ends", "cut off", "nothing"),
    ],
)
def test_fields(body: bytes, events: list[Event]) -> None:
    assert read_events(body) == events


line = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)
event = st.builds(Event, st.lists(line, min_size=1, max_size=3).map("\n".join), line, line)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(event, max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_was_written_is_read(events: list[Event], end: str) -> None:
    lines = []
    for one in events:
        lines += [f"id: {one.id}", f"event: {one.type}", ": between", *one.data.split("\n")]
        lines[-one.data.count("\n") - 1 :] = [f"data: {text}" for text in one.data.split("\n")]
        lines.append("")
    body = "".join(f"{text}{end}" for text in lines).encode()
    assert read_events(body) == [one._replace(type=one.type or "message") for one in events]


def test_the_data_of_an_event_may_be_json() -> None:
    (found,) = read_events(b'data: {"token": "hel"}\n\n')
    assert found.json() == {"token": "hel"}
