"""Every scenario as a Locust user class: `locust -f locustfile.py --class-picker --host http://127.0.0.1:8000`.

BENCH_SCENARIOS names a file of your own with a SCENARIOS table, to be added to the ones that come along.
BENCH_LOCUST_CLIENT=http takes Locust's HttpUser (requests) in place of its FastHttpUser, which costs a third as much.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

from locust import HttpUser, task
from locust.contrib.fasthttp import FastHttpUser

from scenarios.files import load
from scenarios.model import Request, Response, Scenario, drive

Client = HttpUser if os.environ.get("BENCH_LOCUST_CLIENT") == "http" else FastHttpUser


class ScenarioUser(Client):
    """A user who repeats the sessions of one scenario, and counts a wrong answer as a failure."""

    abstract = True
    host = "http://127.0.0.1:8000"
    scenario: Scenario

    def on_start(self) -> None:
        self.rng = Random()

    @task
    def session(self) -> None:
        for request, response in drive(self.scenario.flow(self.rng), self.send):
            if request.fault(response) is not None:
                break  # as the native engine does: a session ends with its first wrong answer

    def send(self, request: Request) -> Response:
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
