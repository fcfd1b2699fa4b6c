"""The machine, and the interpreter, the packages and the source of the harness: the fingerprint of a run."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

import psutil

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.model.secrets import mask_variables
from bench.system import cpus, git

PACKAGES = (
    *(
        "fastapi",
        "starlette",
        "pydantic",
        "pydantic-core",
        "uvicorn",
        "uvicorn-worker",
        "gunicorn",
        "granian",
    ),
    *(
        "hypercorn",
        "uvloop",
        "httptools",
        "h11",
        "orjson",
        "sqlalchemy",
        "aiosqlite",
        "anyio",
        "locust",
        "numpy",
        "asyncpg",
        "psycopg",
        "redis",
        "psutil",
        "cashews",
        "fastapi-bench",
    ),
)
_SERVER_BYTES = 150e6
"""About what a worker needs."""
_MEMORY_SHARE = 0.5


def fingerprint() -> dict[str, object]:
    """Everything that a number from this machine depends on and that can be known cheaply."""
    return {
        "cpu_model": _cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": platform.system(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "unknown",
        "virtualisation": _virtualisation(),
        "memory_bytes": _memory_bytes(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "versions": versions(),
        "git": git.state_around(Path(__file__)),
    }


def versions() -> dict[str, str]:
    """Installed versions of the packages that matter."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def environment() -> dict[str, object]:
    """The part of our environment that reaches the app: settings, secrets masked, and if there is a .env file."""
    settings = {key: value for key, value in sorted(os.environ.items()) if key.startswith("APP_")}
    return {"settings": mask_variables(settings), "dotenv": Path(".env").is_file()}


def cpus_for() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """CPUs for the server and for us, who make the load ourselves; none are chosen where there is one for both."""
    share = cpus.share(apart=False)
    return share.server, share.generator


@contextlib.contextmanager
def on_cpus(chosen: Sequence[int]) -> Iterator[None]:
    """Keep this thread, and what it starts, on these CPUs; where none are named or none can be chosen, on any."""
    if not chosen or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def room_for_servers(workers: int, most: int) -> int:
    """How many servers of so many workers each may live at once: as many as half of the free memory has room for.

    At least one, and `most` at most.
    """
    room = int(_MEMORY_SHARE * psutil.virtual_memory().available / (_SERVER_BYTES * max(1, workers)))
    return max(1, min(most, room))


def allow_open_files(most: int = 65_536) -> None:
    """Raise this process's own limit of open files, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = most if hard == resource.RLIM_INFINITY else min(hard, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, ceiling), hard))


def check_cpus(setup: Setup, generator_cpus: Sequence[int] = ()) -> None:
    """Raises UsageError for CPUs of a setup that do not exist, or that belong to the generator."""
    count = os.cpu_count() or 1
    where = f"setup '{setup.name}': cpus:"
    if absent := [cpu for cpu in setup.cpus if cpu >= count]:
        raise UsageError(f"{where} there is no CPU {absent[0]}; the last is {count - 1}")
    if shared := sorted(set(setup.cpus) & set(generator_cpus)):
        raise UsageError(
            f"{where} the load generator has {', '.join(map(str, shared))}; give the server others"
        )


def missing_programs(setups: Iterable[Setup]) -> dict[str, str]:
    """Why each setup that needs a program which is not installed cannot be started, by its name."""
    return {
        setup.name: f"{setup.needs} is not installed"
        for setup in setups
        if setup.needs and shutil.which(setup.needs) is None
    }


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found.group(1) if found else platform.processor() or platform.machine()


def _virtualisation() -> str:
    if shutil.which("systemd-detect-virt"):
        return _output("systemd-detect-virt") or "unknown"
    if "hypervisor" in _read("/proc/cpuinfo"):
        return "virtual machine"
    return "none seen" if sys.platform == "linux" else "unknown"


def _memory_bytes() -> int | None:
    found = re.search(r"^MemTotal:\s+(\d+) kB$", _read("/proc/meminfo"), re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
