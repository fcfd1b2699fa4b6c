"""Servers for people: kept until Ctrl-C, with what they log on the terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.engines.launch import LOCUSTFILE
from bench.errors import ServerError, UsageError
from bench.model import Setup
from bench.ports import is_free
from bench.processes import Processes
from bench.server import Server, ended, log_tail, serving

_FOLLOW_S = 0.2


def serve(setup: Setup, port: int) -> None:
    """Serve a setup until Ctrl-C. Raises ServerError when it ends by itself."""
    _check_free(port, "--port")
    with Processes() as processes, serving(setup, processes, port=port) as server:
        _note(f"{setup.name} answers on {server.url} (docs: {server.url}/docs); Ctrl-C stops it")
        _follow([server.log], lambda: _check(server))


def locust(setup: Setup, port: int, web_port: int, scenarios_file: Path | None) -> None:
    """Serve a setup with Locust's web UI for it until Ctrl-C. Raises ServerError when either ends by itself."""
    _check_free(port, "--port")
    _check_free(web_port, "--web-port")
    env = dict(os.environ)
    if scenarios_file is not None:
        env["BENCH_SCENARIOS"] = str(scenarios_file)
    with Processes() as processes, serving(setup, processes, port=port) as server:
        log = server.log.with_name("locust.log")
        command = [
            *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--class-picker", "--host", server.url),
            *("--web-host", "127.0.0.1", "--web-port", str(web_port), "--loglevel", "WARNING"),
        ]
        with processes.running(command, log=log, env=env, grace_s=2.0) as child:
            _note(f"{setup.name} answers on {server.url}")
            _note(f"Locust's web UI is on http://127.0.0.1:{web_port}; pick a class; Ctrl-C stops both")

            def check() -> None:
                _check(server)
                if child.poll() is not None:
                    raise ServerError(
                        f"Locust ended with status {child.returncode}; its log:\n{log_tail(log)}"
                    )

            _follow([server.log, log], check)


def _follow(logs: list[Path], check: Callable[[], None]) -> None:
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


def _check(server: Server) -> None:
    if server.exit_status() is not None:
        raise ended(server)


def _check_free(port: int, option: str) -> None:
    if port and not is_free(port):
        raise UsageError(f"port {port} is taken; give another {option}")


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
