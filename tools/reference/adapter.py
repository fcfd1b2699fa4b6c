"""Serves the entry as the target app is served: below /tfb, from the same database, by as many connections.

It is loaded by a server, as `tools.reference.adapter:app`, with the folder of the entry as its working directory, for
its templates, and in `PYTHONPATH`, for its `app.py`.
"""

from __future__ import annotations

import os
from typing import Any

import asyncpg
from fastapi import templating
from fastapi.templating import Jinja2Templates
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_PREFIX = "/tfb"
_open = asyncpg.create_pool


def create_pool(**_: Any) -> Any:
    """The pool of the entry, which names a host of TechEmpower's machines, at the database of this run."""
    size = int(os.environ["APP_POOL_SIZE"])
    return _open(os.environ["APP_DATABASE_URL"], min_size=size, max_size=size)


class Templates(Jinja2Templates):
    """Templates with the order of arguments that Starlette had before 0.29, and the entry still has."""

    def TemplateResponse(self, name: str, context: dict[str, Any]) -> Response:  # type: ignore[override]  # noqa: N802
        return super().TemplateResponse(context["request"], name, context)


asyncpg.create_pool = create_pool
templating.Jinja2Templates = Templates  # type: ignore[misc]

from app import app as _entry  # type: ignore[import-not-found]  # noqa: E402 - it reads create_pool


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The entry, without the prefix."""
    if "path" in scope:
        path = scope["path"].removeprefix(_PREFIX)
        scope = {**scope, "path": path, "raw_path": path.encode()}
    await _entry(scope, receive, send)
