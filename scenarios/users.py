"""Users who log in, and the cost of authentication: a password in every session, or a token in every request."""

from __future__ import annotations

import json
from collections.abc import Generator
from random import Random
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from scenarios.forms import form_request
from scenarios.model import Flow, Request, Response, Scenario, contains, json_request
from scenarios.single import with_headers
from scenarios.unique import unique

Headers = tuple[tuple[str, str], ...]
if TYPE_CHECKING:  # Python 3.9 cannot compute it
    LoginFlow = Generator[Request, Response, Headers | None]

_PASSWORD = "a password for the load test"

INFO = Request("GET", "/bench/info", check=contains(b'"auth":"'))
_me = Request("GET", "/users/me", check=contains(b'"username":"load-'))

# A generator of random numbers identifies a user: engines give each user one, for all sessions.
_names: WeakKeyDictionary[Random, str] = WeakKeyDictionary()
_headers: WeakKeyDictionary[Random, Headers] = WeakKeyDictionary()
_needed: WeakKeyDictionary[Random, bool] = WeakKeyDictionary()


def login_request(rng: Random) -> Generator[Request, Response, Request | None]:
    """The request that logs this user in, after their registration; None if that fails."""
    if rng not in _names:
        name = f"load-{unique()}"
        data = {"username": name, "password": _PASSWORD}
        made = yield json_request(
            "POST", "/auth/register", data, expect=201, check=contains(b'"username":"load-')
        )
        if made.status != 201:
            return None
        _names[rng] = name
    fields = {"username": _names[rng], "password": _PASSWORD}
    return form_request("POST", "/auth/token", fields, check=contains(b'"access_token":"'))


def login_headers(rng: Random) -> LoginFlow:
    """The headers that authenticate this user, who logs in once; None if that fails."""
    if rng not in _headers:
        login = yield from login_request(rng)
        if login is None:
            return None
        answer = yield login
        if answer.status != 200:
            return None
        _headers[rng] = (("Authorization", f"Bearer {json.loads(answer.body)['access_token']}"),)
    return _headers[rng]


def login_headers_where_needed(rng: Random) -> LoginFlow:
    """The headers that authenticate this user if the server requires them, which it is asked once; else no headers."""
    if rng not in _needed:
        info = yield INFO
        _needed[rng] = b'"auth":"on"' in info.body
    return (yield from login_headers(rng)) if _needed[rng] else ()


def log_in(rng: Random) -> Flow:
    """A user who logs in with their password in every session."""
    login = yield from login_request(rng)
    if login is not None:
        yield login


def ask_who_i_am(rng: Random) -> Flow:
    """A user who sends a token."""
    headers = yield from login_headers(rng)
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
