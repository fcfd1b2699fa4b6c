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
from typing import ClassVar

from locust import HttpUser, task
from locust.contrib.fasthttp import FastHttpUser

from scenarios.files import load
from scenarios.model import Request, Response, Scenario, drive

Client = HttpUser if os.environ.get("BENCH_LOCUST_CLIENT") == "http" else FastHttpUser


def _seeds() -> Random:
    """Gives each user a seed: the same ones again in a benchmark of the same seed, others each time for people."""
    job = os.environ.get("BENCH_JOB")
    return Random(json.loads(Path(job).read_text())["seed"] if job else None)


class ScenarioUser(Client):
    """A user who repeats the sessions of one scenario, and counts a wrong answer as a failure.

    `under_way` holds when each waiting user sent its request (seconds of the epoch), and the request's label.
    """

    abstract = True
    host = "http://127.0.0.1:8000"
    scenario: Scenario
    under_way: ClassVar[dict[int, tuple[float, str]]] = {}
    seeds: ClassVar[Random] = _seeds()

    def on_start(self) -> None:
        self.rng = Random(self.seeds.getrandbits(64))

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
        ) as answer:
            response = Response(answer.status_code, answer.content or b"", _head(answer.headers))
            if not answer.status_code:
                answer.failure(answer.error)
            elif fault := request.fault(response):
                answer.failure(fault)
            else:
                answer.success()
        del self.under_way[id(self)]  # in no `finally`: what a user killed at the end waits for has no answer
        return response


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
