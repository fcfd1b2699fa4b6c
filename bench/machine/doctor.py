"""Looks at what this machine offers for measuring and what is in the way: the first half of `bench doctor`."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Iterator
from importlib import metadata
from time import monotonic

import psutil

from bench.machine.connections import Wanted, examine_connections
from bench.machine.diagnosis import Diagnosis
from bench.system import cpus
from bench.system.host import fingerprint
from bench.system.limits import read_limits

_LOOK_S = 1.0
_NOTHING = Wanted()
_SERVERS = {"uvicorn": "uvicorn", "gunicorn": "gunicorn", "granian": "granian", "hypercorn": "hypercorn"}
_PARTS = {
    "uvloop": "uvloop",
    "httptools": "httptools",
    "uvicorn-worker": "uvicorn_worker",
    "locust": "locust",
}


def examine(wanted: Wanted = _NOTHING) -> Iterator[Diagnosis]:
    """Look at the machine for about a second, and whether it has room for the connections of a load."""
    yield _machine()
    yield _pinning()
    yield from _busy()
    yield from examine_connections(read_limits(), wanted)
    yield from _listening()
    for name, module in (_SERVERS | _PARTS).items():
        yield _package(name, module)


def _machine() -> Diagnosis:
    facts = fingerprint()
    seen = f"{facts['cpu_model']}, {facts['cores']} cores, {facts['virtualisation']}, {facts['python']}"
    return Diagnosis("machine", True, seen)


def _pinning() -> Diagnosis:
    share = cpus.share()
    server, generator = share.server, share.generator
    if share.shared == "core":
        return Diagnosis(
            "pinning",
            False,
            "server and generator run on two hyperthreads of one core, and slow each other",
            "use a machine with two or more cores; ratios within a run are less wrong than absolute figures",
        )
    if not generator:
        return Diagnosis(
            "pinning",
            False,
            "server and generator share their CPUs",
            "use a machine with two or more cores, and Linux; the figures will hold the generator's share",
        )
    limit = "" if (quota := cpus.quota()) is None else f"; a quota (cgroup) allows {quota:g} CPUs in all"
    seen = f"server on CPU {_list(server)}, generator on CPU {_list(generator)}{limit}"
    return Diagnosis("pinning", True, seen)


def _busy() -> Iterator[Diagnosis]:
    """Other work and steal, over one second."""
    before = psutil.cpu_times()
    began_s = monotonic()
    busy = psutil.cpu_percent(interval=_LOOK_S)
    span_s = (monotonic() - began_s) * (os.cpu_count() or 1)
    steal = (getattr(psutil.cpu_times(), "steal", 0.0) - getattr(before, "steal", 0.0)) / span_s
    yield Diagnosis(
        "other work",
        busy < 10,
        f"the CPUs are {busy:.0f} % busy",
        "stop what else runs here before you measure",
    )
    yield Diagnosis(
        "steal",
        steal < 0.02,
        f"the hypervisor takes {steal:.1%}",
        "the machine is shared: trust ratios within one run, never absolute figures",
    )


def _listening() -> Iterator[Diagnosis]:
    """Whether something may listen on loopback: a worry where it may not, else nothing."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        seen = f"cannot listen on 127.0.0.1: {error.strerror}"
        yield Diagnosis("loopback", False, seen, "allow loopback listeners")


def _package(name: str, module: str) -> Diagnosis:
    if importlib.util.find_spec(module) is None:
        return Diagnosis(
            name, False, "not installed", f"pip install {name}, or leave out the setups that need it"
        )
    return Diagnosis(name, True, metadata.version(name))


def _list(cpus: tuple[int, ...]) -> str:
    return ", ".join(map(str, cpus))
