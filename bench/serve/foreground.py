"""Servers for people: they run until Ctrl-C, and their logs appear on the terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.errors import UsageError
from bench.model.address import Address
from bench.model.plan import Setup
from bench.model.secrets import mask_text, secret_values, secrets_of
from bench.serve.server import Server, server_ended, serving
from bench.system.ports import free_port, is_free, is_loopback
from bench.system.processes import Processes

_FOLLOW_S = 0.2


def serve(setup: Setup, port: int, note: Callable[[str], None], host: str = "127.0.0.1") -> None:
    """Serve a setup until Ctrl-C, on `host` where the setup names no address; `note` is called with its address.

    Raises UsageError for an address that it cannot listen on, and ServerError when it ends by itself.
    """
    check_host(setup, host)
    check_free(port, "--port", setup, host)
    with Processes() as processes, serving(setup, processes, host=host, port=port) as server:
        if not is_loopback(server.address.host):
            note(
                f"{setup.name} serves whoever reaches port {server.port} of {host}: stop it when you are done"
            )
        note(f"{setup.name} answers on {server.url} ({way_in(server.address)}); Ctrl-C stops it")
        follow([server.log], lambda: check(server), secrets_of(server.setup))


def check_host(setup: Setup, host: str) -> None:
    """Raise UsageError for an address that a setup, or this machine, does not have."""
    if is_loopback(host):
        return
    if setup.bind != "127.0.0.1":
        raise UsageError(
            f"--host {host}: setup '{setup.name}' says bind = \"{setup.bind}\"; leave one of them out"
        )
    if setup.tls:
        raise UsageError(
            f"--host {host}: the certificate that is made for setup '{setup.name}' names loopback addresses alone; "
            'serve without tls, or bring a certificate of your own in a server = "command"'
        )
    try:
        free_port(host)
    except OSError as error:
        raise UsageError(
            f"--host {host}: nothing can listen on it: {error.strerror}; 0.0.0.0 is all addresses of this machine"
        ) from None


def follow(logs: list[Path], goes_on: Callable[[], bool], known: Iterable[str] = ()) -> None:
    """Copy the lines of the logs to standard error for as long as `goes_on()` is true, which may raise, too.

    Our environment's secrets, those `known`, and what looks like one are masked.
    """
    secrets = (*secret_values(os.environ), *known)
    offsets = dict.fromkeys(logs, 0)

    def copy() -> None:
        for log in logs:
            if log.exists():
                with log.open("rb") as file:
                    file.seek(offsets[log])
                    text = file.read()
                text = text[: text.rfind(b"\n") + 1]  # half a secret would not be known
                offsets[log] += len(text)
                sys.stderr.write(mask_text(text.decode(errors="replace"), secrets))
                sys.stderr.flush()

    try:
        while goes_on():
            copy()
            time.sleep(_FOLLOW_S)
    finally:  # the last lines of one that ended
        copy()


def check(server: Server) -> bool:
    """True for a server that runs. Raises ServerError when it has ended."""
    if server.exit_status() is not None:
        raise server_ended(server)
    return True


def way_in(address: Address) -> str:
    """How a person gets at the documentation of an app."""
    trust = f" --cacert {address.tls.ca}" if address.tls and address.tls.ca else ""
    if address.socket:
        return f"curl{trust} --unix-socket {address.socket} {address.scheme}://localhost/docs"
    return f"curl{trust} {address.url}/docs" if trust else f"docs: {address.url}/docs"


def check_free(port: int, option: str, setup: Setup | None = None, host: str = "127.0.0.1") -> None:
    """Raise UsageError that names the option when a port, of a setup's own address, is taken; 0 picks a free one."""
    if setup and setup.bind != "127.0.0.1":
        host = setup.bind
    if port and host != "unix" and not is_free(port, host):
        raise UsageError(f"port {port} is taken; give another {option}")
