"""The provenance of every result: process, server, settings."""

import asyncio
import os
import platform
import sys

from anyio import to_thread
from fastapi import Request

from target_app.dependencies import SettingsDep
from target_app.routing import Router
from target_app.schemas.bench import Info, Pool

_SERVERS = ("gunicorn", "uvicorn", "granian", "hypercorn")
_PARSERS = {
    "uvicorn.protocols.http.httptools_impl": "httptools",
    "uvicorn.protocols.http.h11_impl": "h11",
    "hypercorn.protocol.h11": "h11",
}

router = Router(prefix="/bench", tags=["bench"])


@router.get("/info")
async def info(request: Request, settings: SettingsDep) -> Info:
    """The process, the server as far as it can be told from inside, and the limits in force."""
    return Info(
        pid=os.getpid(),
        server="+".join(name for name in _SERVERS if name in sys.modules) or "unknown",
        http_parser=next((parser for name, parser in _PARSERS.items() if name in sys.modules), "built-in"),
        loop=type(asyncio.get_running_loop()).__module__.partition(".")[0],
        python=platform.python_version(),
        thread_tokens=int(to_thread.current_default_thread_limiter().total_tokens),
        pool=Pool(size=settings.pool_size, timeout_s=settings.pool_timeout_s),
        database=settings.backend,
        seed_rows=settings.seed_rows,
        middleware=[getattr(entry.cls, "__name__", str(entry.cls)) for entry in request.app.user_middleware],
        auth=settings.auth,
        cache=settings.cache,
        compression=settings.compression,
        rate_limit=settings.rate_limit,
    )
