"""Servers for people: kept until Ctrl-C, with what they log on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.serve.server import Server, server_ended, serving
from bench.system.ports import is_free
from bench.system.processes import Processes

_FOLLOW_S = 0.2


def serve(setup: Setup, port: int) -> None:
    """Serve a setup until Ctrl-C. Raises ServerError when it ends by itself."""
    check_free(port, "--port")
    with Processes() as processes, serving(setup, processes, port=port) as server:
        note(f"{setup.name} answers on {server.url} (docs: {server.url}/docs); Ctrl-C stops it")
        follow([server.log], lambda: check(server))


def follow(logs: list[Path], check: Callable[[], None]) -> None:
    """Copy what is written to logs to standard error, and check each time that all is well."""
    shown = dict.fromkeys(logs, 0)
    while True:
        for log in logs:
            if log.exists():
                with log.open("rb") as file:
                    file.seek(shown[log])
                    text = file.read()
                shown[log] += len(text)
                sys.stderr.write(text.decode(errors="replace"))
                sys.stderr.flush()
        check()
        time.sleep(_FOLLOW_S)


def check(server: Server) -> None:
    if server.exit_status() is not None:
        raise server_ended(server)


def check_free(port: int, option: str) -> None:
    if port and not is_free(port):
        raise UsageError(f"port {port} is taken; give another {option}")


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
