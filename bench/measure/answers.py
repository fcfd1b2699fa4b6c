"""Drives a scenario once against a server and compares every answer with the expected one."""

from __future__ import annotations

import contextlib
import http.client
import sys
import time
from collections.abc import Callable
from random import Random

from bench.engines.pace import pace
from bench.errors import BenchError, EngineError
from bench.model.secrets import mask_text, secret_values, secrets_of
from bench.serve.server import Server
from scenarios.model import Flow, Request, Response, Scenario, drive

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
    connection = http.client.HTTPConnection(server.host, server.port, timeout=_CHECK_TIMEOUT_S)

    attachment = server.attachment
    prefix = attachment.prefix if attachment else ""
    own = {"Host": attachment.authority} if attachment else {}
    secrets = set(secrets_of(server.setup))

    def send(request: Request) -> Response:
        _wait_for_place(server)
        secrets.update(secret_values(dict(request.headers)))
        path, headers = prefix + request.path, own | dict(request.headers)
        connection.request(request.method, path, request.body or None, headers)
        answer = connection.getresponse()
        head = "\r\n".join(["", *(f"{name}: {value}" for name, value in answer.getheaders())])
        return Response(answer.status, answer.read(), head.encode("latin-1"))

    sent = 0
    unchecked: dict[str, None] = {}
    try:
        for request, response in drive(flow(Random(0)), send):
            sent += 1
            if request.check is None:
                unchecked[request.label] = None
            if fault := request.fault(response):
                said = mask_text(response.body[:_MOST_READ].decode(errors="replace"), secrets)[:_MOST_SAID]
                raise EngineError(f"{who}: {request.label} answered {fault}: {said}")
    except (OSError, http.client.HTTPException) as error:
        raise EngineError(f"{who}: {type(error).__name__}: {mask_text(str(error), secrets)}") from None
    except BenchError:
        raise
    except Exception as error:
        said = mask_text(str(error), secrets)
        raise EngineError(f"{who} raised {type(error).__name__}: {said}") from error
    finally:
        connection.close()
    if not sent:
        raise EngineError(f"{who}: its flow yields no request")
    return unchecked


def _wait_for_place(server: Server) -> None:
    """Keep to the server's ceiling, where it has one."""
    if server.attachment is not None and server.attachment.most_rps:
        now_ns = time.monotonic_ns()
        place_ns = pace(server.host, server.port, server.attachment.most_rps).take_ns(now_ns)
        time.sleep((place_ns - now_ns) / 1e9)
