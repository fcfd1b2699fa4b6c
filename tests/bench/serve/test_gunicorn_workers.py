"""Each loop and parser has a worker class of its own, as uvicorn reads it."""

from __future__ import annotations

from importlib import import_module

import pytest
from uvicorn import Config
from uvicorn_worker import UvicornWorker

from bench.model.plan import Setup
from bench.serve.commands import command


@pytest.mark.parametrize("http", ["httptools", "h11"])
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_setup_gets_the_worker_with_its_loop_and_parser(loop: str, http: str) -> None:
    words = command(Setup("mine", "gunicorn", loop=loop, http=http), "127.0.0.1", 80)  # type: ignore[arg-type]
    module, _, name = words[words.index("-k") + 1].rpartition(".")
    worker = getattr(import_module(module), name)
    config = Config("an:app", **worker.CONFIG_KWARGS)

    assert issubclass(worker, UvicornWorker)
    assert (config.loop, config.http, config.ws, config.lifespan) == (loop, http, "none", "on")
    quiet = (config.access_log, config.server_header, config.date_header, config.proxy_headers)
    assert quiet == (False, False, False, False)
