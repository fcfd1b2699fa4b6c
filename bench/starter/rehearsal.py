"""A first start of the service: its health path, and the answer of each operation, seen before anything is measured."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.errors import ServerError
from bench.model.secrets import mask_text, secrets_of
from bench.serve.server import Server, server_ended
from bench.starter.operations import Operation
from bench.system.reach import HttpConnection
from bench.system.waiting import wait_until

_WITHIN_S = 5.0
_TIMES = 2
"""A request is sent more than once: a scenario repeats it, and a service may accept the same order only once."""
_ENDS_WITHIN_S = 0.5
_NO_ANSWER = "gave no answer"
_MOST_WORDS = 120
_MOST_READ = 4000
_ORDER = ("GET", "PUT", "PATCH", "POST", "DELETE")
"""Reading comes first, so that it meets what a fresh service holds and not what other operations have made."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str
    words: str


def find_health(server: Server, paths: Sequence[str]) -> str:
    """The first path that answers 200. Raises ServerError, which lists the answers, when none does."""
    seen: dict[str, str] = {}
    for path in paths:
        found = _send(server, Operation(name="health", method="GET", path=path, target=path))
        if isinstance(found, _Answer) and found.status == 200:
            return path
        seen[path] = str(found.status) if isinstance(found, _Answer) else found
        if _has_ended(server):
            raise server_ended(server)
    listed = ", ".join(f"{path} ({answer})" for path, answer in seen.items())
    raise ServerError(
        f"no path answers 200 to a plain GET, by which a start could be seen to be complete; tried: {listed}; give "
        "one with --health"
    )


def try_operations(
    server: Server,
    operations: Sequence[Operation],
    tell: Callable[[Operation], None],
    within_s: float = _WITHIN_S,
) -> tuple[Operation, ...]:
    """The operations with the status and content type that they answer with; those that fail get the reason.

    `tell` is called before each, which has `within_s` to answer completely. Raises ServerError when the server ends.
    """
    tried: dict[str, Operation] = {}
    for operation in sorted(operations, key=lambda each: _ORDER.index(each.method)):
        if operation.is_callable:
            tell(operation)
            tried[operation.name] = found = _try(server, operation, within_s)
            if found.reason.startswith(_NO_ANSWER) and wait_until(lambda: _has_ended(server), _ENDS_WITHIN_S):
                raise server_ended(server)
    return tuple(tried.get(each.name, each) for each in operations)


def _has_ended(server: Server) -> bool:
    return server.exit_status() is not None


def _try(server: Server, operation: Operation, within_s: float) -> Operation:
    answers: list[_Answer] = []
    for _ in range(_TIMES):
        found = _send(server, operation, within_s)
        if isinstance(found, str):
            return replace(operation, reason=found)
        answers.append(found)
        if found.status >= 400:
            again = " when it was sent again" if len(answers) > 1 else ""
            return replace(operation, reason=f"answered {found.status}{again}: {found.words}".rstrip(": "))
    first, last = answers[0], answers[-1]
    if first.status != last.status:
        return replace(operation, reason=f"answered {first.status}, and {last.status} when it was sent again")
    return replace(operation, expect=first.status, content_type=first.content_type)


def _send(server: Server, operation: Operation, within_s: float = _WITHIN_S) -> _Answer | str:
    """The answer to a request, or in some words why there is none."""
    body = operation.form.encode() or None
    headers = dict(operation.headers)
    if operation.has_json:
        body = json.dumps(operation.json, separators=(",", ":")).encode()
        headers["Content-Type"] = "application/json"
    elif operation.form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection = HttpConnection(server.address, within_s)
    try:
        connection.request(operation.method, operation.target, body, headers)
        answer = connection.getresponse()
        text = _read(answer, time.monotonic() + within_s)
    except TimeoutError:
        return f"gave no complete answer within {within_s:g} s"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{_NO_ANSWER}: {type(error).__name__}: {error}"
    finally:
        connection.close()
    kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    said = mask_text(text[:_MOST_READ].decode(errors="replace"), secrets_of(server.setup))
    words = " ".join(said.split())[:_MOST_WORDS]
    return _Answer(answer.status, kind, words)


def _read(answer: http.client.HTTPResponse, deadline_s: float) -> bytes:
    """The body of an answer. Raises TimeoutError for one that goes on for ever, and IncompleteRead."""
    text = b""
    while part := answer.read1():
        text += part
        if time.monotonic() > deadline_s:
            raise TimeoutError
    if answer.length:
        raise http.client.IncompleteRead(text, answer.length)
    return text
