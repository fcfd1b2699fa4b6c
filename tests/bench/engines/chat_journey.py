"""A user's own file: log in once with a row of a table, upload a photo, and talk over a WebSocket."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from random import Random

from scenarios.data import Rows
from scenarios.forms import Upload, form_request, upload_request
from scenarios.model import Flow, FlowStep, Response, Scenario, contains
from scenarios.single import with_headers
from scenarios.websocket import WebSocket

CAT = Upload("cat.png", bytes(range(256)), "image/png")
people = Rows("people.csv")
is_cat = contains(hashlib.sha256(CAT.content).hexdigest().encode())


def log_in(rng: Random) -> Generator[FlowStep, Response, str]:
    answer = yield form_request("POST", "/login", people.once(rng))
    token: str = answer.json()["token"]
    return token


def visit(rng: Random, token: str) -> Flow:
    mine = (("Authorization", token),)
    yield with_headers(upload_request("POST", "/photos", {"photo": CAT}, check=is_cat), mine)
    chat = WebSocket("/chat", headers=mine)
    yield chat.open()
    for word in ("hello", "bye"):
        yield chat.message(f"{word} from {token}", check=contains(f"echo: {word} from {token}".encode()))
    yield chat.close()


SCENARIOS = {"visit": Scenario("visit", visit, on_start=log_in)}
