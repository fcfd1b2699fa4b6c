"""Inspections and operations as a test needs them, without an app behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bench.starter.inspection import Inspection

_SERVERS = ("uvicorn", "gunicorn", "granian", "hypercorn", "uvicorn-worker")
ALL = dict.fromkeys((*_SERVERS, "uvloop", "httptools", "h11"), "99.1")


def inspection(
    schema: Mapping[str, Any] | None = None,
    routes: Sequence[Mapping[str, Any]] = (),
    *,
    interface: Literal["asgi", "wsgi"] = "asgi",
    packages: Mapping[str, str] = ALL,
    prefix: str = "",
    app_dir: str = "",
) -> Inspection:
    """What an interpreter said of a made-up app."""
    return Inspection(
        app="shop.main:app",
        app_dir=app_dir,
        source="shop/main.py",
        interface=interface,
        framework="",
        lifespan="on",
        schemas=[{"prefix": prefix, "schema": schema}] if schema is not None else [],
        routes=routes,
        packages=packages,
        python="3.11.0",
    )
