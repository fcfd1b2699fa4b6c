"""Failures as answers, all of one shape: what is wrong, and the id of the request."""

import logging
import re
from collections.abc import Mapping
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from target_app.database import UNAVAILABLE

_RETRY_AFTER_S = 1
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Answer 422 to what does not fit the schema, 405 with every method there is, 503 without a database."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(405, _wrong_method)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DBAPIError, _failed)
    app.add_exception_handler(Exception, _broken)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, _unavailable)


def request_id(scope: Scope) -> str:
    """The id of a request: the one in its `X-Request-ID` if that is a plain word, else a new one."""
    if "request_id" not in scope:
        said = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        scope["request_id"] = said.decode() if _GOOD_ID.fullmatch(said) else uuid4().hex
    found: str = scope["request_id"]
    return found


def error_response(
    scope: Scope, status: int, detail: object, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A failure as an answer, which nobody keeps."""
    content = {"detail": detail, "request_id": request_id(scope)}
    return JSONResponse(content, status, {"Cache-Control": "no-store", **(headers or {})})


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return error_response(request.scope, error.status_code, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Say where and why; what was sent is not echoed, as it may be secret, or no text at all."""
    assert isinstance(error, RequestValidationError)
    faults = [{key: fault[key] for key in ("type", "loc", "msg")} for fault in error.errors()]
    return error_response(request.scope, 422, faults)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """SQLAlchemy wraps most errors of asyncpg alike, so the cause decides; what is a mistake of ours stays a 500."""
    assert isinstance(error, DBAPIError)
    cause = error.orig.__cause__ if error.orig else None
    if error.connection_invalidated or isinstance(cause, UNAVAILABLE):
        return await _unavailable(request, error)
    raise error


async def _wrong_method(request: Request, _error: Exception) -> JSONResponse:
    """Name all methods of the path; the error knows only those of the first route that it fits."""
    allow = ", ".join(method for method in _METHODS if _is_served(request, method))
    return error_response(request.scope, 405, "Method Not Allowed", {"Allow": allow})


def _is_served(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    _log.warning("%s %r: %s", request.method, request.url.path, error)
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return error_response(request.scope, 503, "The database is not available", headers)


async def _broken(request: Request, _error: Exception) -> JSONResponse:
    """Tell nothing of what went wrong inside; this one is sent from without all middleware, so it names itself."""
    headers = {"X-Request-ID": request_id(request.scope)}
    return error_response(request.scope, 500, "Internal Server Error", headers)
