"""NativeUser against Locust's FastHttpUser, side by side: requests per second, and per second of a core.

`python -m tools.native_users` loads one server in turn, as often as there are pairs, in the order ABBA. Both run in
Locust itself, headless, with the same users and scenario; the server has a CPU of its own. CPU time is that of Locust
with its generator. Whole seconds count, between the third of a load and the last but one: the start of Python and of
the users is in none of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.engines.launch import LOCUSTFILE
from bench.errors import BenchError, EngineError
from bench.machine.generators import ONE_WRITE
from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.plan.config import load_setups
from bench.report.text import render
from bench.serve.server import Server, serving
from bench.stats.table import Column, Row, Table, label
from bench.system import host
from bench.system.home import own_command
from bench.system.logs import tail
from bench.system.processes import Processes

CLIENTS = ("fast", "native")
_SKIPPED_FIRST, _SKIPPED_LAST = 3, 1
_OVERTIME_S = 60.0


@dataclass(frozen=True, slots=True)
class UserRate:
    """The requests of a load per second, and per second of CPU time."""

    per_s: float
    per_core_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """A load: a user class of Locust's against a server, from some CPUs."""

    server: Server
    user_class: str
    users: int
    duration_s: int
    processes: Processes
    cpus: tuple[int, ...]


def rate_of(requests: Mapping[int, int], cpu_s: Mapping[int, float]) -> UserRate:
    """The rate of a load from its requests in each second, and the CPU time so far at the begin of each second.

    Raises EngineError where too few seconds are known.
    """
    seconds = sorted(requests)[_SKIPPED_FIRST:-_SKIPPED_LAST]
    known = [second for second in seconds if second in cpu_s and second + 1 in cpu_s]
    used_s = sum(cpu_s[second + 1] - cpu_s[second] for second in known)
    if len(known) < 2 or used_s <= 0:
        raise EngineError("too few whole seconds of the load were seen: give it longer with --seconds")
    made = sum(requests[second] for second in known)
    return UserRate(made / len(known), made / used_s)


def measure(client: str, load: _Load) -> UserRate:
    """One load by a client. Raises EngineError when Locust fails, or a request does."""
    with load.processes.folder() as folder:
        log, found = folder / "locust.log", folder / "figures"
        env = os.environ | {"BENCH_LOCUST_CLIENT": client}
        command = [
            *own_command("bench.engines.locust_program", "-f", str(LOCUSTFILE), load.user_class),
            *("--headless", "--users", str(load.users), "--spawn-rate", str(load.users), "--only-summary"),
            *("--run-time", f"{load.duration_s}s", "--host", load.server.url, "--loglevel", "WARNING"),
            *("--json-file", str(found)),
        ]
        with load.processes.running(command, log=log, cpus=load.cpus, env=env) as child:
            cpu_s = _watch(child.pid, load.duration_s, lambda: child.poll() is None)
            if child.poll() != 0:
                raise EngineError(f"{client}: Locust ended with status {child.poll()}:\n{tail(log)}")
        (entry,) = json.loads(found.with_suffix(".json").read_text())
    requests = {int(second): count for second, count in entry["num_reqs_per_sec"].items()}
    return rate_of(requests, cpu_s)


def table(title: str, rates: Mapping[str, Sequence[UserRate]]) -> Table:
    """Medians with ranges, and the ratio of NativeUser to FastHttpUser, pair by pair."""
    columns = (
        label("users"),
        Column("rate", "req/s"),
        Column("range"),
        Column("per core", "req/s"),
        Column("range"),
    )
    rows = [
        Row((name, *_spread([one.per_s for one in found]), *_spread([one.per_core_s for one in found])))
        for name, found in rates.items()
    ]
    pairs = list(zip(rates["native"], rates["fast"], strict=True))
    by_rate = [ours.per_s / theirs.per_s for ours, theirs in pairs]
    by_core = [ours.per_core_s / theirs.per_core_s for ours, theirs in pairs]
    rows.append(Row(("native/fast", *_spread(by_rate, ".1f"), *_spread(by_core, ".1f"))))
    return Table(title, columns, tuple(rows))


def _spread(values: Sequence[float], form: str = ",.0f") -> tuple[str, str]:
    return f"{statistics.median(values):{form}}", f"{min(values):{form}} to {max(values):{form}}"


def _watch(pid: int, duration_s: int, lives: Callable[[], bool]) -> dict[int, float]:
    """The CPU time of a process tree so far, at the begin of each second of the clock, until it ends."""
    tree, found = ProcessTree(pid), dict[int, float]()
    until_s = time.monotonic() + duration_s + _OVERTIME_S
    while lives() and time.monotonic() < until_s:
        time.sleep(1 - time.time() % 1)
        second = int(time.time())
        tree.refresh()
        found[second] = sum(one.cpu_ns for one in tree.snapshot().processes) / 1e9
    return found


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.native_users", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--setup", default=ONE_WRITE.name, help=f"a setup, or {ONE_WRITE.name}: {ONE_WRITE.about}"
    )
    parser.add_argument("--user-class", default="PingUser", help="NoopAsyncUser needs the app of a setup")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=12, help="of each load")
    parser.add_argument("--users", type=int, default=32)
    return parser.parse_args(arguments)


def _setup(name: str) -> Setup:
    return ONE_WRITE if name == ONE_WRITE.name else load_setups()[name]


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 when it was measured, else 2."""
    asked = _parse(arguments)
    server_cpus, generator_cpus = host.cpus_for()
    rates: dict[str, list[UserRate]] = {client: [] for client in CLIENTS}
    try:
        setup = _setup(asked.setup)
        with Processes() as processes, serving(setup, processes, cpus=server_cpus) as server:
            load = _Load(
                server=server,
                user_class=asked.user_class,
                users=asked.users,
                duration_s=asked.seconds,
                processes=processes,
                cpus=generator_cpus,
            )
            for pair in range(asked.pairs):
                for client in CLIENTS if pair % 2 == 0 else CLIENTS[::-1]:
                    rates[client].append(rate := measure(client, load))
                    print(
                        f"{client}: {rate.per_s:,.0f} req/s, {rate.per_core_s:,.0f} per core", file=sys.stderr
                    )
    except (BenchError, KeyError, OSError) as error:
        print(f"native_users: {error}", file=sys.stderr)
        return 2
    print(render(table(f"{asked.user_class} on {setup.name}, {asked.users} users", rates)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
