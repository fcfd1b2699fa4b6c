"""Every scenario as a Locust user class: `locust -f locustfile.py --class-picker --host http://127.0.0.1:8000`.

BENCH_SCENARIOS names a file of your own with a SCENARIOS table, to be added to the ones that come along.
BENCH_LOCUST_CLIENT=http takes Locust's HttpUser (requests) in place of its FastHttpUser, which costs a third as much.
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
    """Gives each user a seed: the same ones again in a benchmark of the same seed, others each time for people."""
    job = os.environ.get("BENCH_JOB")
    return Random(json.loads(Path(job).read_text())["seed"] if job else None)


class ScenarioUser(LocustUser):
    """A user who repeats the sessions of one scenario, sends each request once, and counts a wrong answer as a failure.

    A request fails when nothing comes for `network_timeout` seconds. `under_way` holds when each waiting user sent
    its request (seconds of the epoch), and the request's label.
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
                break  # as the native engine does: a session ends with its first wrong answer

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
        del self.under_way[id(self)]  # in no `finally`: what a user killed at the end waits for has no answer
        return response


def _send_once(session: FastHttpSession, url: str) -> None:
    """Let the client of this server send each request once.

    geventhttpclient (2.6) sends a request again whose connection closed, as often as its pool is large and once more,
    and says nothing of it: a server that drops half of its requests seems to drop an eighth. The number of attempts has
    no option of its own; the pool reads its size nowhere else once it is made.
    """
    session.client.clientpool.get_client(url)._connection_pool.size = -1


def _failure(answer: Any) -> Exception | str | None:
    """Why an answer did not come, or not to its end; None when it is whole, whatever it says.

    FastHttpUser has the status of an answer whose body broke off, and `content` is then the part that came.
    """
    error = answer.error if not answer.status_code else answer.request_meta["exception"]
    if error is None or isinstance(error, LocustBadStatusCode):
        return None
    cut = isinstance(error, ChunkedEncodingError) or (
        answer.status_code and not isinstance(error, TimeoutError)
    )
    return "truncated" if cut else error


def _head(headers: dict[str, str] | None) -> bytes:
    """Header lines as `Response.header` reads them, below a place for the status line."""
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
