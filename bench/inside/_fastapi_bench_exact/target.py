"""The app of a tree, called in-process: sessions run in step, so that requests of one kind come together."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .errors import InsideError
from .imports import check_origin, own_path
from .inprocess import Driver, Visit
from .job import CountingJob
from .wsgi import as_asgi

if TYPE_CHECKING:
    from scenarios.model import Request, Response, Scenario

    _Requests = Generator[Request, Response, Any]
    """Of requests alone: the scenarios of a workload have no pauses."""
    Send = Callable[[str, Sequence["VisitRequest"]], Sequence[Response]]
    """From the label of some steps and the steps to their answers."""

_SEED = 1
_MOST_QUOTED = 4000
"""More than is shown: whoever shows it masks secrets first, and would not know one that was cut or escaped."""


class VisitRequest(NamedTuple):
    """A request, and the session that makes it."""

    visit: Visit
    request: Request


class MissingError(InsideError):
    """An endpoint is missing: it answers 404 where something else is expected."""


@contextlib.contextmanager
def start_app(job: CountingJob, response: Callable[[int, bytes, bytes], Response]) -> Iterator[Driver]:
    """Run the job's app with its lifespan; `response` makes its answers.

    Raises whatever importing it raises, and InsideError where it comes from another version's tree.
    """
    sys.path[:] = own_path(job, sys.path)
    loop_factory = _import_uvloop() if job.loop == "uvloop" else None
    imported = _import_app(job.app)
    check_origin(job)
    with Driver(
        as_asgi(imported) if job.interface == "wsgi" else imported,
        loop_factory,
        lifespan="off" if job.interface == "wsgi" else job.lifespan,
        root_path=job.root_path,
        response=response,
    ) as app:
        yield app


def answers(app: Driver, steps: Sequence[VisitRequest]) -> list[Response]:
    """The app's answers to the requests of steps, one after the other, without leaving the loop in between."""

    async def call_all() -> list[Response]:
        return [await session.call(request) for session, request in steps]

    return app.loop.run_until_complete(call_all())


def run_in_step(app: Driver, scenario: Scenario, sessions: int, send: Send) -> None:
    """Run sessions side by side: the first requests of all, then the second ones, by label where labels differ.

    All sessions draw the same random choices, so that all blocks are alike. Raises InsideError at a wrong answer, and
    MissingError where that is an unexpected 404.
    """
    _run(app, [cast("_Requests", scenario.session(Random(_SEED))) for _ in range(sessions)], send)


def prepare(scenario: Scenario, app: Driver) -> None:
    """Run what the scenario needs once, before its first session. Raises as `run_in_step` does."""
    if scenario.prepare is not None:
        _run(app, [cast("_Requests", scenario.prepare(Random(_SEED)))], lambda _, steps: answers(app, steps))


def _run(app: Driver, flows: Sequence[_Requests], send: Send) -> None:
    sessions = [app.visit() for _ in flows]
    try:
        _run_sessions(flows, sessions, send)
    except BaseException:
        for session in sessions:  # or their ends, on a loop that is closed by then, would be the last words
            session.drop()
        raise
    for session in sessions:
        if session.is_open:
            app.loop.run_until_complete(session.leave())


def _run_sessions(flows: Sequence[_Requests], sessions: Sequence[Visit], send: Send) -> None:
    waiting = [
        (request.label, flow, VisitRequest(session, request))
        for flow, session in zip(flows, sessions)  # noqa: B905 - Python 3.9 has no `strict`
        if (request := next(flow, None))
    ]
    while waiting:
        following: list[tuple[str, _Requests, VisitRequest]] = []
        for label, group in groupby(sorted(waiting, key=itemgetter(0)), itemgetter(0)):
            members = list(group)
            responses = send(label, [step for _, _, step in members])
            for (_, flow, (session, request)), response in zip(members, responses):  # noqa: B905
                response = _decode(request, response)
                _check(request, response)
                with contextlib.suppress(StopIteration):
                    another = flow.send(response)
                    following.append((another.label, flow, VisitRequest(session, another)))
        waiting = following


def _decode(request: Request, response: Response) -> Response:
    """The response with its body as it was before it was compressed, outside of what is counted."""
    try:
        return response.decoded()
    except Exception as error:  # a DecodingError of the scenarios' own package
        raise InsideError(f"{request.label}: {error}") from None


def _check(request: Request, response: Response) -> None:
    fault = request.fault(response)
    if fault == "status-404":
        raise MissingError(f"{request.label} is not found")
    if fault:
        body = " ".join(response.body[:_MOST_QUOTED].decode(errors="replace").splitlines())
        raise InsideError(f"{request.label}: {fault}; it answered {response.status}: {body}")


def _import_uvloop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's maker of loops. Raises InsideError where this interpreter has no uvloop."""
    try:
        import uvloop
    except ImportError as error:
        raise InsideError(
            f"the setup's loop is uvloop, which its interpreter cannot import ({error}); install it with: "
            f'{sys.executable} -m pip install uvloop - or give the setup loop = "asyncio"'
        ) from None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _import_app(name: str) -> Any:
    module, _, attribute = name.removesuffix("()").partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found() if name.endswith("()") else found
