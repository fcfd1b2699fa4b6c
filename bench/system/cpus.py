"""The CPUs of this machine: which ones are ours, who gets which, and how busy they are."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from bench.errors import UsageError
from bench.model.readings import CpuTimes

Shared = Literal["", "core", "cpu"]
"""The common part of server and generator: nothing, a core with two hyperthreads, or a CPU."""

_SYSTEM = Path("/sys/devices/system/cpu")
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Share:
    """CPUs of the server, of the generator and of the harness itself; all empty where nothing is pinned.

    The harness has the generator's where there are fewer than three cores. `shared` is what server and generator have
    in common all the same.
    """

    server: tuple[int, ...] = ()
    generator: tuple[int, ...] = ()
    harness: tuple[int, ...] = ()
    shared: Shared = ""


def share(generators: int = 1, *, apart: bool = True) -> Share:
    """The CPUs that we may use, shared out by whole cores: hyperthreads of one core slow each other.

    The generator gets the last cores, one for each of its processes but at most half of all, and of each core the
    first CPU alone; from three cores on the harness gets one of its own, if it is to stay `apart`.
    """
    if not hasattr(os, "sched_getaffinity"):
        return Share()
    cores = _cores(sorted(os.sched_getaffinity(0)))
    limit = quota() or math.inf
    if limit <= 1 or cores == [cores[0][:1]]:
        return Share(shared="cpu")
    if len(cores) == 1:
        core = cores[0]
        return Share(core[:1], core[-1:], core[-1:], "core")
    cores = cores[: math.ceil(min(limit, len(cores)))]
    spare = 1 if apart and len(cores) > 2 else 0
    count = max(1, min(generators, (len(cores) - spare) // 2))
    load = tuple(core[0] for core in cores[-count:])
    rest = cores[: -count - spare] if spare else cores[:-count]
    own = (cores[-count - 1][0],) if spare else load
    return Share(tuple(cpu for core in rest for cpu in core), load, own)


def share_around(generator: Sequence[int]) -> Share:
    """The CPUs that we may use, where the generator has these: the server has whole cores that hold none of them.

    From three cores on the last of those is the harness's. Raises UsageError for CPUs that are not ours to use, and
    where no core is left for the server.
    """
    if not hasattr(os, "sched_getaffinity"):
        raise UsageError(
            "--generator-cpus: this system cannot keep a process on certain CPUs; give a number of CPUs"
        )
    ours = sorted(os.sched_getaffinity(0))
    if absent := sorted(set(generator) - set(ours)):
        raise UsageError(
            f"--generator-cpus: CPU {absent[0]} is not ours to use; ours are {', '.join(map(str, ours))}"
        )
    cores = _cores(ours)
    left = [core for core in cores if not set(core) & set(generator)]
    if not left:
        raise UsageError("--generator-cpus: no core is left for the server; name fewer CPUs")
    chosen = tuple(sorted(set(generator)))
    limit = quota()
    *servers, last = left if limit is None else left[: max(1, math.ceil(limit) - len(chosen))]
    if not servers:
        return Share(last, chosen, chosen)
    return Share(tuple(cpu for core in servers for cpu in core), chosen, last[:1])


def count_cores() -> int:
    """The cores that we may use, no more than a quota pays for."""
    if not hasattr(os, "sched_getaffinity"):
        return psutil.cpu_count(logical=False) or 1
    cores = len(_cores(sorted(os.sched_getaffinity(0))))
    limit = quota()
    return cores if limit is None else min(cores, math.ceil(limit))


def parse_cpus(text: str) -> tuple[int, ...]:
    """The CPUs that a list names in the kernel's words, such as `0-3,8`. Raises ValueError for any other text."""
    return tuple(sorted(set(_numbers(text))))


def shared(server: Sequence[int], generator: Sequence[int]) -> Shared:
    """The common part of two sets of CPUs; of two empty ones, the only CPU where there is just one."""
    if not generator:
        return share().shared
    if set(server) & set(generator):
        return "cpu"
    cores = _cores([*server, *generator])
    return "core" if any(set(core) & set(server) and set(core) & set(generator) for core in cores) else ""


def _cores(cpus: Sequence[int]) -> list[tuple[int, ...]]:
    """These CPUs by the core that they belong to, in order."""
    found: dict[frozenset[int], list[int]] = {}
    for cpu in sorted(set(cpus)):
        found.setdefault(_siblings(cpu), []).append(cpu)
    return [tuple(members) for members in found.values()]


def _siblings(cpu: int) -> frozenset[int]:
    text = _read(_SYSTEM / f"cpu{cpu}/topology/thread_siblings_list")
    return frozenset(_numbers(text)) if text else frozenset({cpu})


def _numbers(text: str) -> Iterator[int]:
    """`0-3,8` names 0, 1, 2, 3 and 8."""
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def quota() -> float | None:
    """The number of CPUs that the control groups of this process allow; None without a limit (cgroups(7))."""
    found = [limit for folder in _groups() if (limit := _limit(folder)) is not None]
    return min(found, default=None)


def _limit(folder: Path) -> float | None:
    with contextlib.suppress(ValueError, ZeroDivisionError):
        if text := _read(folder / "cpu.max"):
            most, period = text.split()
            return None if most == "max" else int(most) / int(period)
        most, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if most and period and int(most) > 0:
            return int(most) / int(period)
    return None


def _groups() -> list[Path]:
    """The folders of our control group and of those around it, for version 2 and for version 1's controller `cpu`."""
    found = []
    for line in _read(_OWN_CGROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = _CGROUPS / controllers if controllers else _CGROUPS
        here = root / path.lstrip("/")
        found += [here, *(parent for parent in here.parents if parent.is_relative_to(root))]
    return found


def _throttled_s() -> float:
    """Seconds for which quotas have stopped this process's control groups so far."""
    return sum(map(_stopped_s, _groups()))


def _stopped_s(folder: Path) -> float:
    for line in _read(folder / "cpu.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in (
            "throttled_usec",
            "throttled_time",
        ):  # microseconds in version 2, nanoseconds in version 1
            return int(value) / (1e6 if name == "throttled_usec" else 1e9)
    return 0.0


def times() -> CpuTimes:
    """The times of each CPU since boot; reading them takes the kernel some 0.2 ms."""
    all_times = psutil.cpu_times(percpu=True)
    return CpuTimes(
        at_ns=time.monotonic_ns(),
        used_s=tuple(one.user + getattr(one, "nice", 0.0) + one.system for one in all_times),
        idle_s=tuple(one.idle + getattr(one, "iowait", 0.0) for one in all_times),
        steal_s=tuple(float(getattr(one, "steal", 0.0)) for one in all_times),
        throttled_s=_throttled_s(),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
