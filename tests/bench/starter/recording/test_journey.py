"""Journeys: constants, pauses, cookies, keys that are new each time, and secrets that are not written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.starter.recording.exchanges import Exchange
from bench.starter.recording.journey import make_journey
from bench.starter.recording.journey_file import render_journey
from scenarios.model import Response
from tests.bench.starter.recording.built import exchange, flow_of_journey, requests_of


def constants(*exchanges: Exchange) -> list[str]:
    return [step.constant for step in make_journey("shop", exchanges).steps]


def test_equal_requests_share_a_constant_and_others_get_their_own() -> None:
    one, other = exchange("GET", "/items?page=1"), exchange("GET", "/items?page=2")
    assert constants(one, other, one, exchange("GET", "/")) == [
        "GET_ITEMS",
        "GET_ITEMS_2",
        "GET_ITEMS",
        "GET_ROOT",
    ]


def test_a_request_that_takes_from_an_answer_has_none() -> None:
    made = exchange("POST", "/orders", {"count": 1}, answered={"id": 7})
    journey = make_journey("shop", [made, exchange("GET", "/orders/7")])
    assert [step.constant for step in journey.steps] == ["POST_ORDERS", ""]
    assert [[taken.name for taken in step.taken] for step in journey.steps] == [["order_id"], []]


def test_pauses_are_the_time_in_which_nothing_went_on() -> None:
    timed = [
        replace(exchange("GET", f"/{number}"), began_s=began_s, took_s=took_s)
        for number, (began_s, took_s) in enumerate(
            [(100.0, 0.5), (100.2, 2.0), (100.9, 0.1), (105.24, 0.1), (105.3, 1)]
        )
    ]
    assert [step.pause_s for step in make_journey("shop", timed).steps] == [0, 0, 0, 3.0, 0]


def test_cookies_that_an_answer_set_are_left_to_the_session() -> None:
    first = exchange(
        "GET", "/", headers={"Cookie": "theme=dark"}, answer_headers=[("Set-Cookie", "sid=abc; Path=/")]
    )
    then = exchange("GET", "/x", headers={"Cookie": "theme=dark; sid=abc"})
    journey = make_journey("shop", [first, then])
    assert [each.variable for each in journey.secrets] == ["SHOP_COOKIE_THEME"]
    text = render_journey(journey, "x", "x")
    assert "theme=" in text
    assert "dark" not in text
    assert "sid=" not in text


def test_an_idempotency_key_is_new_for_each_request(tmp_path: Path) -> None:
    one = exchange("POST", "/pay", {"sum": 1}, headers={"Idempotency-Key": "k-1"})
    journey = make_journey("shop", [one, one])
    keys = [dict(each.headers)["Idempotency-Key"] for each in requests_of(flow_of_journey(journey, tmp_path))]
    assert len({*keys, "k-1"}) == 3


def test_a_secret_that_shows_itself_late_is_known_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = exchange("GET", "/check?q=hunter2hunter2")
    then = exchange("POST", "/login", {"password": "hunter2hunter2"})
    journey = make_journey("shop", [first, then])
    assert "hunter2" not in render_journey(journey, "x", "x")
    monkeypatch.setenv("SHOP_PASSWORD", "another one")
    assert [each.path for each in requests_of(flow_of_journey(journey, tmp_path))] == [
        "/check?q=another%20one",
        "/login",
    ]


_SECRET = st.from_regex(r"[a-zA-Z][a-zA-Z0-9!?*.:/+=-]{7,24}[a-z]", fullmatch=True)


@given(secret=_SECRET, other=_SECRET)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_is_written_wherever_it_stood(secret: str, other: str, tmp_path: Path) -> None:
    exchanges: Sequence[Exchange] = [
        exchange(
            "GET",
            f"/reset/{quote(secret, safe='')}?next={quote(secret, safe='')}&api_key={quote(other, safe='')}",
        ),
        exchange(
            "POST", "/login", {"user": "ann", "credentials": {"password": secret}, "log": f"<{secret}>"}
        ),
        exchange(
            "POST",
            "/a",
            body=f"a=1&client_secret={quote(other, safe='')}".encode(),
            kind="application/x-www-form-urlencoded",
        ),
        exchange("POST", "/b", body=f"<password>{secret}</password>".encode(), kind="application/xml"),
        exchange(
            "GET",
            "/c",
            headers={"Authorization": f"Bearer {other}", "Cookie": f"sid={secret}", "X-Api-Key": secret},
        ),
        exchange("POST", "/d", [{"name": "password", "value": other}]),
    ]
    text = render_journey(make_journey("shop", exchanges), "x", "x")
    spellings = {
        spelt for one in (secret, other) for spelt in (one, quote(one, safe=""), json.dumps(one)[1:-1])
    }
    assert [spelt for spelt in spellings if spelt in text] == []


_FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("one", "secrets"),
    [
        (
            exchange("POST", "/x", {"session_id": "8f14e45fceea167a5a36dedd4bea2543"}),
            ["8f14e45fceea167a5a36dedd4bea2543"],
        ),
        (exchange("GET", "/x", headers={"X-Session": "Geheim5E"}), ["Geheim5E"]),
        (exchange("GET", "/cb?code=4%2F0AX4Xf&state=af0ifjsldkj"), ["0AX4Xf", "af0ifjsldkj"]),
        (exchange("POST", "/cb", {"code": "4/0AX4Xf", "state": "af0ifjsldkj"}), ["0AX4Xf", "af0ifjsldkj"]),
        (
            exchange("POST", "/token", body=b"grant_type=authorization_code&code=4%2F0AX4Xf", kind=_FORM),
            ["0AX4Xf"],
        ),
        (exchange("GET", "/authorize?client_id=shop&nonce=n-0S6_WzA2Mj"), ["n-0S6_WzA2Mj"]),
        (exchange("POST", "/x", body=b"<password>Geheim1A</password>", kind="text/xml"), ["Geheim1A"]),
        (exchange("POST", "/x", {"soap": "<a><password>Geheim1A</password></a>"}), ["Geheim1A"]),
        (exchange("POST", "/x", body=b'm { login(password:"Geheim2B") }', kind="text/x"), ["Geheim2B"]),
        (exchange("POST", "/graphql", {"query": 'm { login(password:"Geheim2B") { id } }'}), ["Geheim2B"]),
        (exchange("POST", "/reset/Zx81kQpLmN72abcD/confirm"), ["Zx81kQpLmN72abcD"]),
    ],
)
def test_a_secret_is_not_written(one: Exchange, secrets: list[str]) -> None:
    text = render_journey(make_journey("shop", [one]), "x", "x")
    assert [secret for secret in secrets if secret in text] == []


def test_a_query_stays_around_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = 'mutation { login(user: "ann", password:"Geheim2B") { id } }'
    journey = make_journey("shop", [exchange("POST", "/graphql", {"query": query})])
    monkeypatch.setenv("SHOP_PASSWORD", "Geheim2B")
    (request,) = requests_of(flow_of_journey(journey, tmp_path))
    assert json.loads(request.body) == {"query": query}


def test_a_secret_next_to_a_value_of_an_answer_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = "3f9a7c1e-5b2d-48f6-a0c4-1e5b2d48f6a0"
    query = f'mutation {{ pay(cart: "{known}", pin: "4711") }}'
    exchanges = [
        exchange("GET", "/cart", answered={"id": known}),
        exchange("POST", "/graphql", {"query": query}),
    ]
    journey = make_journey("shop", exchanges)
    assert "4711" not in render_journey(journey, "x", "x")
    monkeypatch.setenv("SHOP_PIN", "1234")
    _, second = requests_of(flow_of_journey(journey, tmp_path), [{"id": "another"}])
    assert json.loads(second.body) == {"query": 'mutation { pay(cart: "another", pin: "1234") }'}


def test_a_secret_number_stays_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journey = make_journey("shop", [exchange("POST", "/pay", {"pin": 4711, "count": 4711, "paid": True})])
    assert render_journey(journey, "x", "x").count("4711") == 1
    monkeypatch.setenv("SHOP_PIN", "1234")
    (request,) = requests_of(flow_of_journey(journey, tmp_path))
    assert json.loads(request.body) == {"pin": 1234, "count": 4711, "paid": True}


_TEXTS = st.text(max_size=20)
_NAMES = st.sampled_from(
    ["X-A", "Authorization", "Cookie", "X-Api-Key", "accept", "Idempotency-Key", "Range"]
)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_ANSWERS = st.dictionaries(
    st.text() | st.sampled_from(["id", "token", "password"]), st.integers() | st.text()
)


@st.composite
def recorded(draw: st.DrawFn) -> Exchange:
    """An exchange as a browser may have written it down."""
    return exchange(
        draw(st.sampled_from(["GET", "POST", "OPTIONS"])),
        quote(f"/{draw(_TEXTS)}?{draw(_TEXTS)}", safe="/?&=+%"),
        draw(st.none() | st.recursive(_ANSWERS, st.lists)),
        headers=dict(draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=3))),
        answered=draw(_ANSWERS),
    )


@given(exchanges=st.lists(recorded(), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_recording_becomes_a_session_that_can_be_sent(exchanges: list[Exchange], tmp_path: Path) -> None:
    journey = make_journey("shop", exchanges)
    with pytest.MonkeyPatch.context() as patch:
        for secret in journey.secrets:
            patch.setenv(secret.variable, "7")
        flow = flow_of_journey(journey, tmp_path)
    answers = [Response(200, each.answer.body) for each in exchanges if each.answer]
    sent = list(requests_of(flow, answers))
    assert [each.method for each in sent] == [each.method for each in exchanges]
    assert all(each.path.isascii() and " " not in each.path and each.path.startswith("/") for each in sent)
