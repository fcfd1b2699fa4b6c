"""Looks at what this machine offers for measuring and what is in the way: the first half of `bench doctor`."""

from __future__ import annotations

import importlib.util
import os
import resource
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from time import monotonic

import psutil

from bench.system import cpus
from bench.system.host import fingerprint

_OPEN_FILES = 4096
_LOOK_S = 1.0
_SERVERS = {"uvicorn": "uvicorn", "gunicorn": "gunicorn", "granian": "granian", "hypercorn": "hypercorn"}
_PARTS = {
    "uvloop": "uvloop",
    "httptools": "httptools",
    "uvicorn-worker": "uvicorn_worker",
    "locust": "locust",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One property of the machine: whether it is well, what was seen, and the advice where it is not."""

    subject: str
    well: bool
    seen: str
    advice: str = ""


def examine() -> Iterator[Diagnosis]:
    """Look at the machine for about a second."""
    yield _machine()
    yield _pinning()
    yield from _busy()
    yield _open_files()
    yield _ports()
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


def _open_files() -> Diagnosis:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Diagnosis(
        "open files",
        hard >= _OPEN_FILES,
        f"limit {soft} (hard {hard})",
        f"raise the hard limit to {_OPEN_FILES} or more for loads with many users: ulimit -Hn {_OPEN_FILES}",
    )


def _ports() -> Diagnosis:
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
        seen = f"{high - low + 1} ephemeral ports"
    except (OSError, ValueError):
        seen = "a free port was found"
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        return Diagnosis(
            "ports", False, f"cannot listen on 127.0.0.1: {error.strerror}", "allow loopback listeners"
        )
    return Diagnosis("ports", True, seen)


def _package(name: str, module: str) -> Diagnosis:
    if importlib.util.find_spec(module) is None:
        return Diagnosis(
            name, False, "not installed", f"pip install {name}, or leave out the setups that need it"
        )
    return Diagnosis(name, True, metadata.version(name))


def _list(cpus: tuple[int, ...]) -> str:
    return ", ".join(map(str, cpus))
