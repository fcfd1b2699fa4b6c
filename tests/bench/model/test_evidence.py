"""Failed requests: kept as they were, shared out fairly, and without secrets once they leave memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.evidence import (
    BODY_CHARACTERS,
    MOST_KEPT,
    SeenFailure,
    answer_parts,
    keep_failures,
    pick_fairly,
    read_failures,
    write_failures,
)

LINE = b"POST /login?token=hunter2hunter2&page=3 HTTP/1.1\r\n"
SENT = LINE + b"Host: x\r\nAuthorization: Bearer t0ps3cret99\r\n\r\npassword=qwerty77"
HEAD = b"HTTP/1.1 500 Oops\r\nSet-Cookie: sid=c00kie-value\r\nX-Kept: yes"
SEEN = SeenFailure(
    kind="status-500",
    request="POST /login",
    done_ns=3_500_000_000,
    sent=SENT,
    status=500,
    head=HEAD,
    body=b"no",
)


def test_a_failure_is_kept_with_its_time_in_the_measured_part() -> None:
    (kept,) = keep_failures([SEEN], 1_250_000_000)
    assert (kept.kind, kept.request, kept.at_s, kept.status, kept.body) == (
        "status-500",
        "POST /login",
        2.25,
        500,
        "no",
    )
    assert kept.head == "HTTP/1.1 500 Oops\nSet-Cookie: ***\nX-Kept: yes"
    assert kept.sent == "POST /login?token=***&page=3 HTTP/1.1\nHost: x\nAuthorization: ***"


def test_what_is_secret_in_headers_is_masked_in_the_body_that_repeats_it() -> None:
    secrets = ("t0ps3cret99", "c00kie-value", "hunter2hunter2", "qwerty77", "the-known-one")
    body = f'you sent {" and ".join(secrets)}, "access_token": "abcdef"'.encode()
    (kept,) = keep_failures([replace(SEEN, body=body)], 0, ["the-known-one"])
    assert kept.body == 'you sent *** and *** and *** and *** and ***, "access_token": "***"'


LOGINS = {
    "JSON": b'{"user": "ann", "password": "qwerty77"}',
    "nested JSON": b'[{"a": {"client_secret": "qwerty77"}}]',
    "a form": b"user=ann&password=qwerty77",
}


@pytest.mark.parametrize("body", LOGINS.values(), ids=LOGINS)
def test_a_password_that_the_answer_to_a_login_repeats_is_masked(body: bytes) -> None:
    """As FastAPI does in `input`."""
    answer = b'{"detail": [{"loc": ["body", "password"], "input": "qwerty77"}]}'
    (kept,) = keep_failures([replace(SEEN, sent=b"POST / HTTP/1.1\r\n\r\n" + body, body=answer)], 0)
    assert kept.body == '{"detail": [{"loc": ["body", "password"], "input": "***"}]}'


def test_a_secret_at_the_cut_is_masked_before_the_cut() -> None:
    body = b"x" * (BODY_CHARACTERS - 30) + b" password=abcdefghijklmnopqrstuvwxyz0123456789 the end"
    (kept,) = keep_failures([replace(SEEN, body=body)], 0)
    assert "abcdef" not in kept.body
    assert kept.body.endswith("password=*** the end")
    (long,) = keep_failures([replace(SEEN, body=b"y" * 5000)], 0)
    assert long.body == "y" * BODY_CHARACTERS + "…"


def test_what_a_terminal_would_obey_is_replaced() -> None:
    (kept,) = keep_failures([replace(SEEN, body=b"\x1b[31mred\x00\r\nnext\tline\xff")], 0)
    assert kept.body == "\ufffd[31mred\ufffd\nnext\tline\ufffd"


def test_of_very_many_each_kind_and_name_gets_its_first_and_all_are_in_order() -> None:
    many = [
        replace(SEEN, kind=f"kind-{place % 40}", request="ab"[place % 2], done_ns=1000 - place)
        for place in range(200)
    ]
    kept = keep_failures(many, 0)
    assert len(kept) == MOST_KEPT
    assert len({(one.kind, one.request) for one in kept}) == 40
    assert [one.at_s for one in kept] == sorted(one.at_s for one in kept)


@pytest.mark.parametrize(
    ("came", "parts"),
    [
        (b"HTTP/1.1 404 No\r\nA: b\r\n\r\nbody", (404, b"HTTP/1.1 404 No\r\nA: b", b"body")),
        (b"HTTP/1.1 404 No\r\nA: b", (404, b"HTTP/1.1 404 No\r\nA: b", b"")),
        (b"SSH-2.0-OpenSSH\r\n", (None, b"", b"SSH-2.0-OpenSSH\r\n")),
        (b"", (None, b"", b"")),
    ],
    ids=["whole", "cut in the head", "something else", "nothing"],
)
def test_bytes_are_taken_apart(came: bytes, parts: tuple[int | None, bytes, bytes]) -> None:
    assert answer_parts(came) == parts


FAILURES = st.lists(
    st.builds(
        SeenFailure,
        kind=st.text(max_size=9),
        request=st.text(max_size=9),
        done_ns=st.integers(0, 2**62),
        sent=st.binary(max_size=50),
        status=st.none() | st.integers(100, 599),
        head=st.binary(max_size=50),
        body=st.binary(max_size=50),
    ),
    max_size=4,
)


@settings(max_examples=100, derandomize=True)
@given(failures=FAILURES)
def test_what_is_written_is_read_again(
    failures: list[SeenFailure], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path: Path = tmp_path_factory.mktemp("failures") / "samples.errors"
    write_failures(path, failures)
    assert read_failures(path) == tuple(failures)
    assert path.exists() == bool(failures)


@settings(max_examples=200, derandomize=True)
@given(failures=FAILURES)
def test_any_bytes_can_be_kept(failures: list[SeenFailure]) -> None:
    kept = keep_failures(failures, 0)
    assert len(kept) == len(failures)
    assert all("\x1b" not in one.body + one.head + one.sent for one in kept)


def test_the_first_of_each_comes_before_the_second_of_any() -> None:
    assert pick_fairly(["a1", "a2", "a3", "b1", "b2"], lambda one: one[0], 3) == ["a1", "b1", "a2"]
