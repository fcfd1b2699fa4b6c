"""Failures as answers."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.routing import Match

from target_app.database import UNAVAILABLE

_RETRY_AFTER_S = 1
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Answer 422 to what does not fit the schema, 405 with every method there is, 503 without a database."""
    app.add_exception_handler(405, _wrong_method)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DBAPIError, _failed)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, _unavailable)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Say where and why; what was sent is not echoed, as it may be secret, or no text at all."""
    assert isinstance(error, RequestValidationError)
    faults = [{key: fault[key] for key in ("type", "loc", "msg")} for fault in error.errors()]
    return JSONResponse({"detail": faults}, status_code=422)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """SQLAlchemy wraps most errors of asyncpg alike, so the cause decides; what is a mistake of ours stays a 500."""
    assert isinstance(error, DBAPIError)
    cause = error.orig.__cause__ if error.orig else None
    if error.connection_invalidated or isinstance(cause, UNAVAILABLE):
        return await _unavailable(request, error)
    raise error


async def _wrong_method(request: Request, _error: Exception) -> JSONResponse:
    """Name all methods of the path; the error knows only those of the first route that it fits."""
    headers = {"Allow": ", ".join(method for method in _METHODS if _is_served(request, method))}
    return JSONResponse({"detail": "Method Not Allowed"}, status_code=405, headers=headers)


def _is_served(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    _log.warning("%s %s: %s", request.method, request.url.path, error)
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return JSONResponse({"detail": "The database is not available"}, status_code=503, headers=headers)
