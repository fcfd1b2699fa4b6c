"""The OpenAPI schema, completed with a few facts that FastAPI leaves out."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from target_app.settings import Settings

_UNCHANGED = {"description": "The client has it already, by its If-None-Match"}


def install(app: FastAPI) -> None:
    """Make the schema on first access."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            _complete(made, app.state.settings)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]


def _complete(schema: dict[str, Any], settings: Settings) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if not operation.get("parameters") and "requestBody" not in operation:
                operation["responses"].pop("422", None)
            for status, response in operation["responses"].items():
                found = _headers(path, method, status, settings)
                response["headers"] = {**response.get("headers", {}), **dict(found)}
                if (
                    status >= "400" and "content" in response
                ):  # errors are JSON, whatever the answer would have been
                    (content,) = response["content"].values()
                    response["content"] = {"application/json": content}
            if settings.cache != "off" and method == "get":
                headers = dict(_headers(path, method, "304", settings))
                operation["responses"]["304"] = {**_UNCHANGED, "headers": headers}
            if (
                settings.auth == "optional"
                and "security" in operation
                and not path.startswith(("/auth", "/users"))
            ):
                operation["security"].append({})


def _headers(path: str, method: str, status: str, settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """The headers of our own that an answer has, or may have: each with its description."""
    if settings.bench:
        yield "X-Worker", _number("The process that answered")
    if settings.logs_requests:
        yield "X-Request-ID", _text("The name of the request in the log: the client's, or a new one")
    if settings.rate_limit != "off" and not path.startswith("/health"):
        yield "RateLimit-Limit", _number("Requests in any window")
        yield "RateLimit-Remaining", _number("Requests left")
        yield "RateLimit-Reset", _number("Seconds until there is one more")
    if status == "401":
        yield "WWW-Authenticate", _text("Bearer")
    if (status == "201" and path.startswith("/api")) or status == "202":
        yield "Location", _text("Where it is")
    if settings.cache != "off" and method == "get" and status in ("200", "304"):
        yield (
            "ETag",
            _text("What If-None-Match and If-Match know the answer by; somebody's own has none"),
        )
        if path.endswith("{item_id}"):
            yield "X-Cache", _text("HIT or MISS: whether the item was in the cache")


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _number(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "integer"}}
