"""The OpenAPI schema, completed with a few facts that FastAPI leaves out."""

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
                if (
                    status >= "400" and "content" in response
                ):  # errors are JSON, whatever the answer would have been
                    (content,) = response["content"].values()
                    response["content"] = {"application/json": content}
            if settings.cache != "off" and method == "get":
                operation["responses"]["304"] = _UNCHANGED
            if (
                settings.auth == "optional"
                and "security" in operation
                and not path.startswith(("/auth", "/users"))
            ):
                operation["security"].append({})
