"""Drives a scenario once against a server and compares every answer with the expected one."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from random import Random

from bench.engines.channel import Channel, ExchangeError
from bench.engines.job import name_address
from bench.engines.pace import pace
from bench.errors import BenchError, EngineError
from bench.model.secrets import mask_text, secret_values, secrets_of
from bench.serve.server import Server
from scenarios.model import Flow, Request, Response, Scenario, drive
from scenarios.session import begin

_CHECK_TIMEOUT_S = 10.0
_MOST_READ, _MOST_SAID = 10_000, 200
"""Of a wrong answer: bytes that are searched for secrets, before it is cut to so many characters."""


def check_answers(scenario: Scenario, server: Server) -> tuple[str, ...]:
    """Drive a session, and one of the bystander, and compare every answer with the expected one.

    Returns the labels of requests that have no check: only their status is compared. Raises EngineError.
    """
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for what a command answers
        unchecked = _check_flow(f"scenario '{scenario.name}'", scenario.flow, server)
        if scenario.victim:
            unchecked |= _check_flow(f"the victim of scenario '{scenario.name}'", scenario.victim, server)
    return tuple(unchecked)


def _check_flow(who: str, flow: Callable[[Random], Flow], server: Server) -> dict[str, None]:
    channel = _channel(server)
    secrets = set(secrets_of(server.setup))
    label = ""

    def send(request: Request) -> Response:
        nonlocal label
        label = request.label
        _wait_for_place(server)
        secrets.update(secret_values(dict(request.headers)))
        return channel.send(request)

    sent = 0
    unchecked: dict[str, None] = {}
    prefix = server.attachment.prefix if server.attachment else ""
    try:
        for request, response in drive(begin(flow(Random(0)), prefix=prefix), send):
            sent += 1
            if request.check is None:
                unchecked[request.label] = None
            if fault := request.fault(response):
                said = mask_text(response.body[:_MOST_READ].decode(errors="replace"), secrets)[:_MOST_SAID]
                raise EngineError(f"{who}: {request.label} answered {fault}: {said}")
    except ExchangeError as error:
        raise EngineError(f"{who}: {label} failed: {error}") from None
    except BenchError:
        raise
    except Exception as error:
        said = mask_text(str(error), secrets)
        raise EngineError(f"{who} raised {type(error).__name__}: {said}") from error
    finally:
        channel.close()
    if not sent:
        raise EngineError(f"{who}: its flow yields no request")
    return unchecked


def _channel(server: Server) -> Channel:
    attachment = server.attachment
    return Channel(
        server.host,
        server.port,
        authority=attachment.authority if attachment else name_address(server.host, server.port),
        prefix=attachment.prefix if attachment else "",
        timeout_s=_CHECK_TIMEOUT_S,
    )


def _wait_for_place(server: Server) -> None:
    """Keep to the server's ceiling, where it has one."""
    if server.attachment is not None and server.attachment.most_rps:
        now_ns = time.monotonic_ns()
        place_ns = pace(server.host, server.port, server.attachment.most_rps).take_ns(now_ns)
        time.sleep((place_ns - now_ns) / 1e9)
