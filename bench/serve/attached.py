"""Servers that run already: found at their address, with their processes where these are this machine's, left alone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from bench.errors import ServerError, UsageError
from bench.model.address import Address
from bench.model.attachment import Attachment
from bench.model.plan import Setup
from bench.observe.listeners import FoundListener, find_listener, find_unix_listener
from bench.serve.server import Server
from bench.system.endpoint import accepts, complain_of_tls, find_endpoint, is_local

_ASK_AGAIN_S = 0.2


def reaching(
    setup: Setup, start: contextlib.AbstractContextManager[Server]
) -> contextlib.AbstractContextManager[Server]:
    """The server of a setup for a block: as `start` would start it, or as it runs already, and then it goes on running.

    Raises ServerError as `attach` does.
    """
    return contextlib.nullcontext(attach(setup)) if setup.server == "running" else start


def attach(setup: Setup) -> Server:
    """A server that runs already. Raises ServerError where none answers, and for another machine without a ceiling."""
    try:
        endpoint = find_endpoint(setup.address)
    except UsageError as error:  # its name led somewhere when the run began
        raise ServerError(f"setup '{setup.name}': {error}") from None
    if not endpoint.is_loopback and not setup.most_rps:  # its name may lead elsewhere by now
        raise ServerError(f"setup '{setup.name}': {setup.address} is no longer a loopback address")
    address = endpoint.answering(ca=setup.ca, verify=setup.verify)
    if address is None:
        raise ServerError(
            f"setup '{setup.name}': nothing listens on {setup.address}; start the server there, or give its address"
        )
    address = replace(address, http2=setup.http2)
    try:
        fault = complain_of_tls(address, setup.address)
    except UsageError as error:
        raise ServerError(f"setup '{setup.name}': {error}") from None
    if fault:
        raise ServerError(f"setup '{setup.name}': {fault}")
    is_here = bool(address.socket) or is_local(address.host)
    found = _listener(address) if is_here else FoundListener(None, "it runs on another machine")
    return Server(
        setup=setup,
        address=address,
        pid=found.pid,
        log=Path(os.devnull),
        cpus=_pinned(found.pid),
        exit_status=_watch(found.pid, address),
        attachment=Attachment(
            elsewhere=not is_here,
            unread=found.unread,
            affinity=_affinity(found.pid) if is_here else (),
            most_rps=setup.most_rps,
        ),
    )


def _listener(address: Address) -> FoundListener:
    if address.socket:
        return find_unix_listener(address.socket)
    return find_listener(address.host, address.port)


def _affinity(pid: int | None) -> tuple[int, ...]:
    """The CPUs that a process may run on; all of the machine's where that cannot be known."""
    with contextlib.suppress(AttributeError, OSError):
        if pid is not None:
            return tuple(sorted(os.sched_getaffinity(pid)))
    return tuple(range(os.cpu_count() or 1))


def _pinned(pid: int | None) -> tuple[int, ...]:
    """The CPUs that somebody pinned a process to; none where it may run on all."""
    mine = _affinity(pid)
    return mine if pid is not None and len(mine) < (os.cpu_count() or 1) else ()


def _watch(pid: int | None, address: Address) -> Callable[[], int | None]:
    """Tells whether a server is gone: its process, else its port or socket, asked five times a second at most.

    No status of it can be had: -1 stands for one that is gone.
    """
    if pid is not None:
        try:
            process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return lambda: -1
        return lambda: None if _lives(process) else -1
    asked_s, is_there = -1.0, True

    def look() -> int | None:
        nonlocal asked_s, is_there
        if time.monotonic() - asked_s > _ASK_AGAIN_S:
            is_there, asked_s = accepts(address), time.monotonic()
        return None if is_there else -1

    return look


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
