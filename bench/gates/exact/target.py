"""The app of a tree, called in-process: sessions run in step, so that requests of one kind come together."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from random import Random

from bench.engines.inprocess import ASGIApp, InProcess
from bench.errors import BenchError
from bench.gates.exact.job import CountingJob
from bench.gates.origin.imports import check_origin, own_path
from scenarios.model import Flow, Request, Response, Scenario

Send = Callable[[str, Sequence[Request]], Sequence[Response]]
"""From the label of some requests and the requests to their answers."""

_SEED = 1


class MissingError(BenchError):
    """An endpoint is missing: it answers 404 where something else is expected."""


@contextlib.contextmanager
def start_app(job: CountingJob) -> Iterator[InProcess]:
    """Run the job's app with its lifespan.

    Raises whatever importing it raises, and BenchError where it comes from another version's tree.
    """
    sys.path[:] = own_path(job.imports, sys.path, root=job.root, foreign=job.foreign)
    loop_factory = None
    if job.loop == "uvloop":
        import uvloop

        loop_factory = uvloop.new_event_loop
    imported = _import_app(job.app)
    check_origin(job.app, job.root, job.foreign)
    with InProcess(imported, loop_factory) as app:
        yield app


def answers(app: InProcess, requests: Sequence[Request]) -> list[Response]:
    """The app's answers to requests, one after the other, without leaving the loop in between."""

    async def call_all() -> list[Response]:
        return [await app.call(request) for request in requests]

    return app.loop.run_until_complete(call_all())


def run_in_step(scenario: Scenario, sessions: int, send: Send) -> None:
    """Run sessions side by side: the first requests of all, then the second ones, by label where labels differ.

    All sessions draw the same random choices, so that all blocks are alike. Raises BenchError at a wrong answer, and
    MissingError where that is an unexpected 404.
    """
    flows = [scenario.flow(Random(_SEED)) for _ in range(sessions)]
    waiting = [(request.label, flow, request) for flow in flows if (request := next(flow, None))]
    while waiting:
        following: list[tuple[str, Flow, Request]] = []
        for label, group in groupby(sorted(waiting, key=itemgetter(0)), itemgetter(0)):
            members = list(group)
            responses = send(label, [request for _, _, request in members])
            for (_, flow, request), response in zip(members, responses, strict=True):
                _check(request, response)
                with contextlib.suppress(StopIteration):
                    another = flow.send(response)
                    following.append((another.label, flow, another))
        waiting = following


def _check(request: Request, response: Response) -> None:
    fault = request.fault(response)
    if fault == "status-404":
        raise MissingError(f"{request.label} is not found")
    if fault:
        raise BenchError(f"{request.label}: {fault}; it answered {response.status} {response.body[:200]!r}")


def _import_app(name: str) -> ASGIApp:
    module, _, attribute = name.removesuffix("()").partition(":")
    found = getattr(importlib.import_module(module), attribute)
    app: ASGIApp = found() if name.endswith("()") else found
    return app
