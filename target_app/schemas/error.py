"""Errors on the wire, and how they are documented."""

from typing import Any

from pydantic import BaseModel

Responses = dict[int | str, dict[str, Any]]


class ErrorPublic(BaseModel):
    """Why a request was not served, and the id by which the log knows it."""

    detail: str
    request_id: str


class InvalidPublic(BaseModel):
    """Everything that is wrong with a request."""

    class Fault(BaseModel):
        """What is wrong with one part of a request; the part itself is not echoed."""

        type: str
        loc: list[str | int]
        msg: str

    detail: list[Fault]
    request_id: str


def _error(description: str, **headers: str) -> dict[str, Any]:
    documented = {
        name.replace("_", "-"): {"description": said, "schema": {"type": "integer"}}
        for name, said in headers.items()
    }
    return {"model": ErrorPublic, "description": description} | ({"headers": documented} if headers else {})


INVALID: Responses = {422: {"model": InvalidPublic, "description": "The request does not fit the schema"}}
UNREADABLE: Responses = {
    400: _error("The body cannot be read"),
    413: _error("The body is too large"),
}
UNAUTHORIZED: Responses = {401: _error("Nobody is known by these credentials")}
NOT_FOUND: Responses = {404: _error("There is no such thing, or it is not yours")}
CHANGED: Responses = {412: _error("It is no longer what If-Match says")}
CONFLICT: Responses = {409: _error("There is one already, or too many")}
TOO_MANY: Responses = {
    429: _error(
        "Too many requests; try again later",
        Retry_After="Seconds to wait",
        RateLimit_Limit="Requests in any window",
        RateLimit_Remaining="Requests left",
        RateLimit_Reset="Seconds until there is one more",
    )
}
UNAVAILABLE: Responses = {
    503: _error("Something that is needed is busy or gone; try again later", Retry_After="Seconds to wait")
}
WRONG_HOST: Responses = {400: _error("The body cannot be read, or the host is not served here")}
