"""Drives a scenario once against a server and compares every answer with the expected one."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from bench.engines.channel import Channel, ExchangeError
from bench.engines.job import name_address
from bench.engines.pace import pace
from bench.errors import BenchError, EngineError
from bench.model.plan import TIMEOUT_S
from bench.model.secrets import mask_text, secret_values, secrets_of
from bench.serve.server import Server
from bench.system.alarm import Alarm, Overdue
from scenarios.model import Flow, Request, Response, Scenario, drive
from scenarios.session import begin

_MOST_REQUESTS, _MOST_S = 100, 10.0
"""Of a session, after which the check looks at no more of it."""
_MOST_READ, _MOST_SAID = 10_000, 200
"""Of a wrong answer: bytes that are searched for secrets, before it is cut to so many characters."""


@dataclass(frozen=True, slots=True)
class CheckedSession:
    """A session as a check saw it: labels of requests of which only the status is compared, as they have no check.

    `looked_at` is how many requests were looked at of a session that was not at its end by then; None for a whole one.
    `labels` are those of all its requests.
    """

    unchecked: tuple[str, ...] = ()
    looked_at: int | None = None
    labels: tuple[str, ...] = ()


def check_answers(scenario: Scenario, server: Server, timeout_s: float = TIMEOUT_S) -> CheckedSession:
    """Drive a session, and one of the bystander, and compare every answer with the expected one.

    It ends after some requests or seconds, whatever the session does. Raises EngineError, as for an answer that takes
    longer than `timeout_s`.
    """
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for what a command answers
        found = _check_flow(f"scenario '{scenario.name}'", scenario.flow, server, timeout_s)
        if not scenario.victim:
            return found
        who = f"the victim of scenario '{scenario.name}'"
        beside = _check_flow(who, scenario.victim, server, timeout_s)
    if beside.looked_at is not None:
        raise EngineError(f"{who}: its session is not at its end after {beside.looked_at} requests; end it")
    return replace(found, unchecked=tuple(dict.fromkeys((*found.unchecked, *beside.unchecked))))


def _check_flow(who: str, flow: Callable[[Random], Flow], server: Server, timeout_s: float) -> CheckedSession:
    secrets = set(secrets_of(server.setup))
    prefix = server.attachment.prefix if server.attachment else ""
    with Alarm() as alarm, contextlib.closing(_Sender(server, timeout_s, alarm, secrets)) as sender:
        try:
            return _look_at(who, drive(begin(flow(Random(0)), prefix=prefix), sender.send), sender)
        except Overdue:
            raise EngineError(f"{who}: {sender.describe_wait()}") from None
        except ExchangeError as error:
            raise EngineError(f"{who}: {sender.describe(error)}") from None
        except BenchError:
            raise
        except Exception as error:
            said = mask_text(str(error), secrets)
            raise EngineError(f"{who} raised {type(error).__name__}: {said}") from error


def _look_at(who: str, exchanges: Iterator[tuple[Request, Response]], sender: _Sender) -> CheckedSession:
    looked_at = 0
    labels: dict[str, None] = {}
    unchecked: dict[str, None] = {}
    ends_s = time.monotonic() + _MOST_S
    sender.rewind()
    for request, response in exchanges:
        looked_at += 1
        labels[request.label] = None
        if request.check is None:
            unchecked[request.label] = None
        if fault := request.fault(response):
            raise EngineError(f"{who}: {request.label} answered {fault}: {sender.quote(response)}")
        if looked_at >= _MOST_REQUESTS or time.monotonic() > ends_s:
            sender.rewind()
            if next(exchanges, None) is not None:
                return CheckedSession(tuple(unchecked), looked_at, tuple(labels))
        sender.rewind()
    if not looked_at:
        raise EngineError(f"{who}: its flow yields no request")
    return CheckedSession(tuple(unchecked), labels=tuple(labels))


class _Sender:
    """Sends the requests of a session over one connection, each with its own time for an answer."""

    def __init__(self, server: Server, timeout_s: float, alarm: Alarm, secrets: set[str]) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._alarm = alarm
        self._secrets = secrets
        attachment = server.attachment
        self._channel = Channel(
            server.host,
            server.port,
            authority=attachment.authority if attachment else name_address(server.host, server.port),
            prefix=attachment.prefix if attachment else "",
            timeout_s=timeout_s,
        )
        self._waiting: Request | None = None

    def send(self, request: Request) -> Response:
        self._alarm.stop()
        _wait_for_place(self._server)
        self._waiting = request
        self.rewind()
        self._secrets.update(secret_values(dict(request.headers)))
        response = self._channel.send(request)
        self._waiting = None
        return response

    def rewind(self) -> None:
        """Let the time for the next step begin: that of the flow, or that of the server."""
        self._alarm.start(self._timeout_s)

    def describe(self, error: ExchangeError) -> str:
        """A sentence on the request that has no whole answer."""
        if str(error) == "timeout" or self._waiting is None:
            return self.describe_wait()
        return f"{self._waiting.label} failed: {error}"

    def describe_wait(self) -> str:
        """A sentence on the step whose time is over."""
        if self._waiting is None:
            return f"its flow took longer than {self._timeout_s:g} s to yield a request"
        return (
            f"{self._waiting.label} had no whole answer within {self._timeout_s:g} s; if that is right for it, "
            "give it longer with --timeout SECONDS (timeout_s in a plan)"
        )

    def quote(self, response: Response) -> str:
        """The beginning of a body, without secrets."""
        return mask_text(response.body[:_MOST_READ].decode(errors="replace"), self._secrets)[:_MOST_SAID]

    def close(self) -> None:
        self._alarm.stop()
        self._channel.close()


def _wait_for_place(server: Server) -> None:
    """Keep to the server's ceiling, where it has one."""
    if server.attachment is not None and server.attachment.most_rps:
        now_ns = time.monotonic_ns()
        place_ns = pace(server.host, server.port, server.attachment.most_rps).take_ns(now_ns)
        time.sleep((place_ns - now_ns) / 1e9)
