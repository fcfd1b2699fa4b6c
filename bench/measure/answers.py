"""Drives a scenario once against a server and compares every answer with the expected one."""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from bench.engines.channel import Channel, ExchangeError
from bench.engines.encoding import encode
from bench.engines.pace import pace
from bench.errors import BenchError, EngineError
from bench.model.plan import TIMEOUT_S
from bench.model.secrets import mask_text, secrets_of
from bench.model.sent_secrets import sent_secrets
from bench.serve.requirements import missing_websockets
from bench.serve.server import Server
from bench.system.alarm import Alarm, Overdue
from scenarios import mistakes, seats, shares
from scenarios.model import CHECK_RAISED, Flow, Request, Response, Scenario, drive
from scenarios.session import begin
from scenarios.websocket import SWITCHED

_PAUSES_S = 1.0
"""The pauses of a session that is checked are kept up to this time in all, and skipped after it."""
_numbers = itertools.count()
_known: set[tuple[object, ...]] = set()
"""Servers that were met, and what was prepared on them."""

_MOST_REQUESTS, _MOST_S = 100, 10.0
"""Of a session, after which the check looks at no more of it."""
_MOST_READ, _MOST_SAID = 10_000, 200
"""Of a wrong answer: bytes that are searched for secrets, before it is cut to so many characters."""

_WITHOUT_BODY = (SWITCHED, 204, 304)
_MOST_SENT = 100_000
"""Of a request: bytes that are searched for secrets."""


@dataclass(frozen=True, slots=True)
class CheckedSession:
    """A session as a check saw it: labels of requests of which only the status is compared, as they have no check.

    `looked_at` is how many requests were looked at of a session that was not at its end by then; None for a whole one.
    """

    unchecked: tuple[str, ...] = ()
    looked_at: int | None = None


def check_answers(scenario: Scenario, server: Server, timeout_s: float = TIMEOUT_S) -> CheckedSession:
    """Drive a session, and one of the bystander, and compare every answer with the expected one.

    On a server that was not met before, the scenario's `prepare` goes first. Each check has other random numbers, as
    what one has created may still be there. It ends after some requests or seconds, whatever the session does. Raises
    EngineError, as for an answer that takes longer than `timeout_s`.
    """
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for what a command answers
        prepare(scenario, server, timeout_s)
        found = _check_flow(f"scenario '{scenario.name}'", scenario.session, server, timeout_s)
        if not scenario.victim:
            return found
        who = f"the victim of scenario '{scenario.name}'"
        beside = _check_flow(who, scenario.victim, server, timeout_s)
    _refuse_endless(who, beside)
    return replace(found, unchecked=tuple(dict.fromkeys((*found.unchecked, *beside.unchecked))))


def prepare(scenario: Scenario, server: Server, timeout_s: float = TIMEOUT_S) -> None:
    """Run the `prepare` of a scenario, unless that has run on this server. Raises EngineError."""
    address = server.address
    met = (address, server.pid)
    if met not in _known:
        _known.add(met)
        shares.reset(*address.place)
    if scenario.prepare is not None and (*met, scenario.prepare) not in _known:
        who = f"the preparation of scenario '{scenario.name}'"
        _refuse_endless(who, _check_flow(who, scenario.prepare, server, timeout_s))
        _known.add((*met, scenario.prepare))


def _refuse_endless(who: str, session: CheckedSession) -> None:
    if session.looked_at is not None:
        raise EngineError(f"{who}: its session is not at its end after {session.looked_at} requests; end it")


def _check_flow(who: str, flow: Callable[[Random], Flow], server: Server, timeout_s: float) -> CheckedSession:
    secrets = set(secrets_of(server.setup))
    rng = Random(f"check {next(_numbers)}")
    address = server.address
    seats.take(rng, *address.place, address.prefix)
    with Alarm() as alarm, contextlib.closing(_Sender(server, timeout_s, alarm, secrets)) as sender:
        try:
            session = begin(mistakes.open_flow(flow, rng), prefix=address.prefix)
            return _look_at(who, drive(session, sender.send, sender.pause), sender)
        except Overdue:
            raise EngineError(f"{who}: {sender.describe_wait()}") from None
        except ExchangeError as error:
            late = str(error) == "timeout" and sender.is_waiting
            raise EngineError(
                f"{who}: {sender.describe_wait() if late else sender.describe(error)}"
            ) from None
        except BenchError:
            raise
        except Exception as error:
            raise EngineError(f"{who}{mask_text(mistakes.explain_error(error), secrets)}") from error


def _look_at(who: str, exchanges: Iterator[tuple[Request, Response]], sender: _Sender) -> CheckedSession:
    looked_at = 0
    unchecked: dict[str, None] = {}
    ends_s = time.monotonic() + _MOST_S
    sender.rewind()
    for request, response in exchanges:
        looked_at += 1
        if request.check is None and _has_content(request, response):
            unchecked[request.label] = None
        if fault := request.fault(response):
            complaint = sender.complain(request, response, fault)
            if request.expect == SWITCHED and (missing := sender.missing_websockets()):
                complaint = f" answered {fault}: {missing}"
            raise EngineError(f"{who}: {request.label}{complaint}")
        if looked_at >= _MOST_REQUESTS or time.monotonic() > ends_s:
            sender.rewind()
            if next(exchanges, None) is not None:
                return CheckedSession(tuple(unchecked), looked_at)
        sender.rewind()
    if not looked_at:
        raise EngineError(f"{who}: its flow yields no request")
    return CheckedSession(tuple(unchecked))


def _has_content(request: Request, response: Response) -> bool:
    """Whether an answer has, or should have, something that a check can look at; many steps of a WebSocket have not."""
    return bool(response.body) or (response.status not in _WITHOUT_BODY and request.method != "HEAD")


class _Sender:
    """Sends the requests of a session over one connection, each with its own time for an answer."""

    def __init__(self, server: Server, timeout_s: float, alarm: Alarm, secrets: set[str]) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._alarm = alarm
        self._secrets = secrets
        self._pauses_s = _PAUSES_S
        self._label = ""
        self._channel = Channel(server.address, timeout_s=timeout_s)
        self.is_waiting = False  # whether a request has no whole answer yet

    def send(self, request: Request) -> Response:
        self._alarm.stop()
        _wait_for_place(self._server)
        self._secrets.update(sent_secrets(encode(request, "")[:_MOST_SENT]))
        self._label, self.is_waiting = request.label, True
        self.rewind()
        response = self._channel.send(request)
        self.is_waiting = False
        self._secrets.update(sent_secrets(b"", response.head))
        return response

    def pause(self, seconds: float) -> None:
        """Wait, for as long as is left for the pauses of the session; after that they are part of its next step."""
        if not self._pauses_s:
            return
        self._alarm.stop()
        time.sleep(min(seconds, self._pauses_s))
        self._pauses_s -= min(seconds, self._pauses_s)
        self.rewind()

    def rewind(self) -> None:
        """Let the time for the next step begin: that of the flow, or that of the server."""
        self._alarm.start(self._timeout_s)

    def describe(self, error: ExchangeError) -> str:
        """A sentence on a request that has no whole answer."""
        return f"{self._label} failed: {error}"

    def describe_wait(self) -> str:
        """A sentence on the step whose time is over."""
        if not self.is_waiting:
            return f"its flow took longer than {self._timeout_s:g} s to yield a request"
        if self._channel.open_ended:
            return (
                f"{self._label}: its answer, a stream, was not at its end after {self._timeout_s:g} s "
                f"({len(self._channel.arrivals_ns)} pieces so far); ask for one that ends, as a stream without end "
                "fails at the time limit, or give it longer with --timeout SECONDS (timeout_s in a plan)"
            )
        return (
            f"{self._label} had no whole answer within {self._timeout_s:g} s; if that is right for it, "
            "give it longer with --timeout SECONDS (timeout_s in a plan)"
        )

    def complain(self, request: Request, response: Response, fault: str) -> str:
        """The fault of an answer, or of the check that cannot read it, and how the answer begins."""
        said = self._mask(response.body[:_MOST_READ].decode(errors="replace"))[:_MOST_SAID]
        if fault == CHECK_RAISED and request.check is not None:
            try:
                request.check(response)
            except Exception as error:
                raised = self._mask(mistakes.explain_error(error))
                return f": its check{raised}; the answer is {response.status}: {said}"
        return f" answered {fault}: {said}" if said else f" answered {fault} without a body"

    def missing_websockets(self) -> str:
        """A sentence on the library that a server lacks for a handshake, where that is the reason."""
        return missing_websockets(self._server.setup, self._server.log)

    def close(self) -> None:
        self._alarm.stop()
        self._channel.end_session()
        self._channel.close()

    def _mask(self, text: str) -> str:
        return mask_text(text, self._secrets)


def _wait_for_place(server: Server) -> None:
    """Keep to the server's ceiling, where it has one."""
    if server.most_rps:
        now_ns = time.monotonic_ns()
        place_ns = pace(*server.address.place, server.most_rps).take_ns(now_ns)
        time.sleep((place_ns - now_ns) / 1e9)
