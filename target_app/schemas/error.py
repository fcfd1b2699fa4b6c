"""Errors on the wire, and how they are documented."""

from typing import Any

from pydantic import BaseModel

Responses = dict[int | str, dict[str, Any]]


class ErrorPublic(BaseModel):
    """Why a request was not served."""

    detail: str


UNREADABLE: Responses = {
    400: {"model": ErrorPublic, "description": "The body cannot be read"},
    413: {
        "model": ErrorPublic,
        "description": "The body is too large; in plain text if its length was announced",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
}
NOT_FOUND: Responses = {404: {"model": ErrorPublic, "description": "There is no such item"}}
UNAVAILABLE: Responses = {
    503: {
        "model": ErrorPublic,
        "description": "The database is busy or gone; try again later",
        "headers": {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}},
    }
}
