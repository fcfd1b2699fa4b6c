"""Users who log in once, and what it costs to be known: a password at every session, or a token at every request."""

from __future__ import annotations

import json
import secrets
from collections.abc import Generator
from random import Random
from weakref import WeakKeyDictionary

from scenarios.model import Flow, Request, Response, Scenario, contains, json_request
from scenarios.single import with_headers

Headers = tuple[tuple[str, str], ...]
LoginFlow = Generator[Request, Response, Headers | None]

_PASSWORD = "a password for the load test"

INFO = Request("GET", "/bench/info", check=contains(b'"auth":"'))
_FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
_me = Request("GET", "/users/me", check=contains(b'"username":"load-'))

# A user is whoever has these random numbers: engines give each user their own, for all sessions.
_names: WeakKeyDictionary[Random, str] = WeakKeyDictionary()
_headers: WeakKeyDictionary[Random, Headers] = WeakKeyDictionary()
_needed: WeakKeyDictionary[Random, bool] = WeakKeyDictionary()


def registered(rng: Random) -> Generator[Request, Response, Request | None]:
    """The request by which this user logs in, once they are registered; None where that failed."""
    if rng not in _names:
        name = (
            f"load-{secrets.token_hex(8)}"  # not drawn from rng: those of two runs on one server must differ
        )
        data = {"username": name, "password": _PASSWORD}
        made = yield json_request(
            "POST", "/auth/register", data, expect=201, check=contains(b'"username":"load-')
        )
        if made.status != 201:
            return None
        _names[rng] = name
    body = f"username={_names[rng]}&password={_PASSWORD.replace(' ', '+')}".encode()
    return Request("POST", "/auth/token", body, _FORM, check=contains(b'"access_token":"'))


def logged_in(rng: Random) -> LoginFlow:
    """The headers that name this user, who logs in once; None where that failed."""
    if rng not in _headers:
        login = yield from registered(rng)
        if login is None:
            return None
        answer = yield login
        if answer.status != 200:
            return None
        _headers[rng] = (("Authorization", f"Bearer {json.loads(answer.body)['access_token']}"),)
    return _headers[rng]


def logged_in_where_needed(rng: Random) -> LoginFlow:
    """The same where the server serves none but those who are known, which it is asked once; else no headers."""
    if rng not in _needed:
        told = yield INFO
        _needed[rng] = b'"auth":"on"' in told.body
    return (yield from logged_in(rng)) if _needed[rng] else ()


def log_in(rng: Random) -> Flow:
    """A user who comes with their password every time."""
    login = yield from registered(rng)
    if login is not None:
        yield login


def ask_who_i_am(rng: Random) -> Flow:
    """A user who comes with a token."""
    headers = yield from logged_in(rng)
    if headers is not None:
        yield with_headers(_me, headers)


SCENARIOS = {
    "auth-login": Scenario(
        "auth-login", log_in, about="A login: argon2 in a thread, 64 MiB a time.", costly=True
    ),
    "auth-me": Scenario(
        "auth-me", ask_who_i_am, about="A token that is checked, and its user read.", costly=True
    ),
}
