"""`bench worker`: a worker for a Locust master, whose load the native engine makes."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated, NoReturn

from bench.cli._lookup import configure, load_scenarios
from bench.cli._options import ScenariosFile, option, port_number
from bench.cli._terminal import note
from bench.engines.launch import LOCUSTFILE
from bench.errors import UsageError
from bench.system.extras import need
from bench.system.home import own_command

_PORT = 5557


def worker(
    master: Annotated[str, option("Name or address of the machine with Locust's master.", "HOST")],
    master_port: Annotated[int, port_number(f"The master's, {_PORT} unless it has another.", 1)] = _PORT,
    scenarios: ScenariosFile = None,
    ca: Annotated[Path | None, option("Certificate of the authority behind an https host.", "FILE")] = None,
) -> NoReturn:
    """Join a Locust master as a worker, whose users send their requests by the native engine, until Ctrl-C.

    The master is any Locust whose user classes have the names of the scenarios here: ours under --client native or any
    other client, or a locustfile of your own. It says whom to load, and shows the figures. Each class of users takes
    up to a core.

    \b
    bench worker --master 10.0.0.5
    bench worker --master load-1 --scenarios bench_scenarios.py
    """
    need("locust", what="`bench worker`")
    scenarios_file = configure(scenarios=scenarios).scenarios_file
    load_scenarios(scenarios_file)
    _look_up(master)
    env = dict(os.environ) | {"BENCH_LOCUST_CLIENT": "native"}
    if scenarios_file is not None:
        env["BENCH_SCENARIOS"] = str(scenarios_file.absolute())
    if ca is not None:
        if not ca.is_file():
            raise UsageError(f"--ca {ca}: no such file; give the PEM file of the authority")
        env["BENCH_CA"] = str(ca.absolute())
    note(f"joining Locust's master on {master}:{master_port}, or waiting for it; Ctrl-C ends this worker")
    sys.stderr.flush()
    os.execve(sys.executable, _command(master, master_port), env)


def _look_up(master: str) -> None:
    """Raise UsageError for a name without an address: Locust would wait for it for ever."""
    try:
        socket.getaddrinfo(master, None)
    except (OSError, UnicodeError):
        raise UsageError(
            f"--master {master}: the name leads to no address; check how it is written"
        ) from None


def _command(master: str, port: int) -> list[str]:
    return [
        *own_command("bench.engines.locust_program", "-f", str(LOCUSTFILE)),
        *("--worker", "--master-host", master, "--master-port", str(port), "--loglevel", "WARNING"),
    ]
