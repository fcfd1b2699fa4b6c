"""Every scenario as a Locust user class: `locust -f locustfile.py --class-picker --host http://127.0.0.1:8000`.

BENCH_SCENARIOS names a file of your own with a SCENARIOS table, which is added to the shipped scenarios.
BENCH_LOCUST_CLIENT=http uses Locust's HttpUser (requests) in place of its FastHttpUser, which costs a third as much.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from locust import HttpUser, task
from locust.contrib.fasthttp import FastHttpSession, FastHttpUser, LocustBadStatusCode
from requests.exceptions import ChunkedEncodingError

from scenarios.files import load
from scenarios.model import Request, Response, Scenario, drive

FAST = os.environ.get("BENCH_LOCUST_CLIENT") != "http"
LocustUser = FastHttpUser if FAST else HttpUser


def _seeds() -> Random:
    """The source of the users' seeds: the same in each benchmark with the same seed, random in the web UI."""
    job = os.environ.get("BENCH_JOB")
    return Random(json.loads(Path(job).read_text())["seed"] if job else None)


class ScenarioUser(LocustUser):
    """A user who repeats the sessions of one scenario, sends each request once, and counts wrong responses as failures.

    A request fails when nothing arrives for `network_timeout` seconds. `under_way` holds, for each waiting user, the
    time it sent its request (seconds since the epoch) and the label of the request.
    """

    abstract = True
    host = "http://127.0.0.1:8000"
    scenario: Scenario
    network_timeout = connection_timeout = 60.0
    under_way: ClassVar[dict[int, tuple[float, str]]] = {}
    seeds: ClassVar[Random] = _seeds()

    def on_start(self) -> None:
        self.rng = Random(self.seeds.getrandbits(64))
        self.limits: dict[str, Any] = {} if FAST else {"timeout": self.network_timeout}
        if FAST:
            _send_once(self.client, self.host)

    @task
    def session(self) -> None:
        for request, response in drive(self.scenario.flow(self.rng), self.send):
            if request.fault(response) is not None:
                break  # as in the native engine: a session ends with its first wrong response

    def send(self, request: Request) -> Response:
        self.under_way[id(self)] = (time.time(), request.label)
        with self.client.request(
            request.method,
            request.path,
            name=request.label,
            data=request.body or None,
            headers=dict(request.headers),
            allow_redirects=False,
            catch_response=True,
            **self.limits,
        ) as answer:
            response = Response(answer.status_code, answer.content or b"", _head(answer.headers))
            fault = _failure(answer) or request.fault(response)
            if fault:
                answer.failure(fault)
            else:
                answer.success()
        del self.under_way[
            id(self)
        ]  # not in a `finally`: the request of a user killed at the end has no response
        return response


def _send_once(session: FastHttpSession, url: str) -> None:
    """Make the client of this server send each request once.

    geventhttpclient (2.6) silently resends a request whose connection closed, up to once more than its pool is large: a
    server that drops half of its requests seems to drop an eighth. The number of attempts has no option; once made,
    the pool reads its size nowhere else.
    """
    session.client.clientpool.get_client(url)._connection_pool.size = -1


def _failure(answer: Any) -> Exception | str | None:
    """Why a response is missing or incomplete; None if it is complete, whatever its status.

    FastHttpUser reports the status of a response whose body broke off; `content` is then the part that arrived.
    """
    error = answer.error if not answer.status_code else answer.request_meta["exception"]
    if error is None or isinstance(error, LocustBadStatusCode):
        return None
    cut = isinstance(error, ChunkedEncodingError) or (
        answer.status_code and not isinstance(error, TimeoutError)
    )
    return "truncated" if cut else error


def _head(headers: dict[str, str] | None) -> bytes:
    """Header lines as `Response.header` reads them, after an empty status line."""
    lines = ["", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _user_class(scenario: Scenario) -> type[ScenarioUser]:
    name = "".join(part.capitalize() for part in scenario.name.replace("_", "-").split("-")) + "User"
    return type(
        name, (ScenarioUser,), {"__doc__": scenario.about, "__module__": __name__, "scenario": scenario}
    )


_file = os.environ.get("BENCH_SCENARIOS")
globals().update(
    {made.__name__: made for made in map(_user_class, load(Path(_file) if _file else None).values())}
)
