"""A user's own file with all that a journey may have: a login, rows of a table, a form, an upload, and pauses."""

from __future__ import annotations

import json
from collections.abc import Generator
from random import Random

from scenarios.data import Rows
from scenarios.forms import Upload, form_request, upload_request
from scenarios.mix import Mix
from scenarios.model import Flow, FlowStep, Pause, Request, Response, Scenario
from scenarios.single import with_headers
from scenarios.unique import unique

PAUSE_S = 0.05
CAT = Upload("cat.png", bytes(range(256)), "image/png")
people = Rows("people.csv")


def open_shop(rng: Random) -> Flow:
    yield Request("PUT", "/shop", expect=201)


def log_in(rng: Random) -> Generator[FlowStep, Response, str]:
    person = people.once(rng)
    answer = yield form_request("POST", "/login", person)
    token: str = answer.json()["token"]
    return token


def look(rng: Random, token: str) -> Flow:
    yield Request("GET", f"/items?of={token}", name="look")


def upload(rng: Random, token: str) -> Flow:
    mine = (("Authorization", token),)
    yield Request("GET", f"/items?of={token}", name="before")
    yield Pause(PAUSE_S)
    request = upload_request("POST", "/photos", {"photo": CAT}, fields={"title": unique()}, expect=(201, 409))
    yield with_headers(request, mine)


def wait(rng: Random) -> Flow:
    yield Request("GET", "/items?of=nobody")
    yield Pause(0.2)


def wait_long(rng: Random) -> Flow:
    yield Pause(0.01)
    yield Request("GET", "/items?of=nobody")
    yield Pause(60)


def poll(rng: Random) -> Flow:
    while True:
        yield Request("GET", "/items?of=nobody")
        yield Pause(0.01)


def mistake(rng: Random) -> Flow:
    yield Request("GET", "/items?of=nobody")
    yield Request("GET", "/items?of=nobody", headers={"Accept": "text/html"})  # type: ignore[arg-type]


def not_a_step(rng: Random) -> Flow:
    yield Request("GET", "/items?of=nobody")
    yield "/items"  # type: ignore[misc]


def not_a_flow(rng: Random) -> Flow:
    return Request("GET", "/items?of=nobody")  # type: ignore[return-value]


def complain(response: Response) -> bool:
    return bool(json.loads(response.body)["price"])


def check_raises(rng: Random) -> Flow:
    yield Request("GET", "/items?of=nobody", check=complain)


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("shop", Mix((1, look), (1, upload)), on_start=log_in, prepare=open_shop, tags=("journey",)),
        Scenario("wait", wait),
        Scenario("wait-long", wait_long),
        Scenario("poll", poll),
        Scenario("mistake", mistake),
        Scenario("not-a-step", not_a_step),
        Scenario("not-a-flow", not_a_flow),
        Scenario("check-raises", check_raises),
    )
}
