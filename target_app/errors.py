"""Failures as responses of one shape: the detail, and the id of the request."""

import logging
import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from target_app.database import UNAVAILABLE
from target_app.processes import ProcessEndedError
from target_app.security import TooManyPasswordsError

_RETRY_AFTER_S = 1
_MOST_FAULTS = 20
_MOST_LETTERS = 100
"""Of a request that does not fit the schema: its answer must not be larger than itself."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Answer 422 to a request that does not fit the schema, 405 with all allowed methods, 503 without a database."""
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(405, _answer_wrong_method)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(DBAPIError, _answer_database_error)
    app.add_exception_handler(Exception, _answer_crash)
    app.add_exception_handler(TooManyPasswordsError, _answer_too_many_passwords)
    app.add_exception_handler(ProcessEndedError, _answer_ended_process)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, _answer_unavailable)


def request_id(scope: Scope) -> str:
    """The id of a request: its `X-Request-ID` if that is 1 to 64 letters, digits, `.`, `_` or `-`, else a new one."""
    if "request_id" not in scope:
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        scope["request_id"] = sent.decode() if _GOOD_ID.fullmatch(sent) else uuid4().hex
    name: str = scope["request_id"]
    return name


def error_response(
    scope: Scope, status: int, detail: object, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A failure as a response, which no cache may store."""
    content = {"detail": detail, "request_id": request_id(scope)}
    return JSONResponse(content, status, {"Cache-Control": "no-store", **(headers or {})})


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return error_response(request.scope, error.status_code, error.detail, error.headers)


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """Name the place and the reason; the input is not echoed, as it may be secret or not even text."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    faults = [_fault(one) for one in found[:_MOST_FAULTS]]
    if len(found) > _MOST_FAULTS:
        more = len(found) - _MOST_FAULTS
        faults.append({"type": "more_faults", "loc": ["body"], "msg": f"There are {more} more faults"})
    return error_response(request.scope, 422, faults)


def _fault(found: Mapping[str, Any]) -> dict[str, object]:
    """One fault; names of a client's own, which stand in its place, are cut short."""
    place = [part[:_MOST_LETTERS] if isinstance(part, str) else part for part in found["loc"]]
    return {"type": found["type"], "loc": place, "msg": found["msg"]}


async def _answer_database_error(request: Request, error: Exception) -> JSONResponse:
    """SQLAlchemy wraps most errors of asyncpg in one class, so the cause decides; a bug of ours stays a 500."""
    assert isinstance(error, DBAPIError)
    cause = error.orig.__cause__ if error.orig else None
    if error.connection_invalidated or isinstance(cause, UNAVAILABLE):
        return await _answer_unavailable(request, error)
    raise error


async def _answer_wrong_method(request: Request, _error: Exception) -> JSONResponse:
    """Name all methods of the path; the error knows only those of the first matching route."""
    allow = ", ".join(method for method in _METHODS if _is_served(request, method))
    return error_response(request.scope, 405, "Method Not Allowed", {"Allow": allow})


def _is_served(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _answer_unavailable(request: Request, error: Exception) -> JSONResponse:
    said = " ".join(str(error).split())  # SQLAlchemy writes several lines
    _log.warning("%s: %s %r: %s", request_id(request.scope), request.method, request.url.path, said)
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return error_response(request.scope, 503, "The database is not available", headers)


async def _answer_too_many_passwords(request: Request, _error: Exception) -> JSONResponse:
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return error_response(request.scope, 503, "Too many passwords are being checked", headers)


async def _answer_ended_process(request: Request, error: Exception) -> JSONResponse:
    _log.warning("%s: %s", request_id(request.scope), error)
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return error_response(request.scope, 503, "The process that computes this has ended", headers)


async def _answer_crash(request: Request, _error: Exception) -> JSONResponse:
    """Reveal nothing of the failure; this response bypasses all middleware, so it sets `X-Request-ID` itself."""
    headers = {"X-Request-ID": request_id(request.scope)}
    return error_response(request.scope, 500, "Internal Server Error", headers)
