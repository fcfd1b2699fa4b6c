"""uvicorn's worker for gunicorn with its loop and parser fixed: gunicorn has no options for them."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker


def _config(loop: str, http: str) -> dict[str, Any]:
    return {
        "loop": loop,
        "http": http,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
    }


class UvloopHttptools(UvicornWorker):
    CONFIG_KWARGS: ClassVar = _config("uvloop", "httptools")


class UvloopH11(UvicornWorker):
    CONFIG_KWARGS: ClassVar = _config("uvloop", "h11")


class AsyncioHttptools(UvicornWorker):
    CONFIG_KWARGS: ClassVar = _config("asyncio", "httptools")


class AsyncioH11(UvicornWorker):
    CONFIG_KWARGS: ClassVar = _config("asyncio", "h11")
