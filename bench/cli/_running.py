"""Options for servers that run already: who they are, whether they may be loaded, and what will be sent to them."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import psutil
import typer

from bench.cli._options import number, option
from bench.cli._reach import ReachOptions
from bench.cli._terminal import note
from bench.errors import UsageError
from bench.model.attachment import steady_rps
from bench.model.plan import Cell, ClosedLoad, OpenLoad, Plan, Setup
from bench.plan.order import cells
from bench.serve.attached import attach
from bench.serve.server import Server
from bench.stats.format import about, join_words
from bench.system.endpoint import Endpoint, find_endpoint

REMOTE_RPS = 100.0
"""The ceiling for other hosts unless one is given: what a person with a browser and a colleague or two may cause."""

_PLAINLY = ReachOptions()
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(\w+://.*|unix:.*)")
_MOST_USERS_TIMES = 5
"""Users a request per second of the ceiling: with more, a single slice would take longer than it may."""
_LONGEST_TIMES, _LONGEST_MORE_S = 2.0, 30.0
_LAST_S = 30.0
"""Grace for requests that are under way at the end of a slice, which is given up after it."""

Urls = Annotated[
    list[str] | None,
    option(
        "Server that runs already, in place of setups: http://, https:// or unix:PATH; repeatable, as NAME=URL.",
        "URL",
    ),
]
Url = Annotated[
    str | None, option("Server that runs already, in place of SETUP: http://, https:// or unix:PATH.", "URL")
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-remote", metavar="HOST", help="Host of a --url, or --host, beyond loopback; repeatable."
    ),
]
MostRps = Annotated[
    float | None,
    number("No second has more requests to a --url [100 beyond loopback].", 1, 1_000_000, "PER_S"),
]


def find_running(
    urls: Sequence[str] | None,
    allowed: Collection[str] | None,
    most_rps: float | None,
    reach: ReachOptions = _PLAINLY,
) -> dict[str, Setup]:
    """A setup for each URL, by its name. Raises UsageError for one that may not be loaded, before anything is sent."""
    if most_rps is not None and not urls:
        raise UsageError("--most-rps is the ceiling of a server that runs already: give its --url, too")
    if reach.http2 and not urls:
        raise UsageError(
            "--http2 is for a server that runs already: give its --url, too; a setup says http2 = true"
        )
    _check_trust(reach, urls or ())
    found: dict[str, Setup] = {}
    for text in urls or ():
        named = _NAMED.fullmatch(text)
        endpoint = find_endpoint(named[2] if named else text)
        name = named[1] if named else endpoint.label
        if name in found:
            raise UsageError(
                f"--url {text}: there are two of the name {name}; name them, as in a={endpoint.url}"
            )
        _check_allowed(endpoint, allowed or ())
        ceiling = most_rps or (0.0 if endpoint.is_loopback else REMOTE_RPS)
        about_it = f"the server on {endpoint.url}, as it ran already"
        found[name] = Setup(
            name,
            "running",
            about=about_it,
            address=endpoint.url,
            most_rps=ceiling,
            tls=endpoint.is_tls,
            ca=os.path.abspath(reach.ca) if reach.ca else "",
            verify=not reach.no_verify,
            http2=reach.http2,
        )
    return found


def _check_trust(reach: ReachOptions, urls: Sequence[str]) -> None:
    """Raise UsageError for options on trust that do not go together, or with no server to trust."""
    if reach.ca and reach.no_verify:
        raise UsageError("--ca names who is trusted, and --no-verify trusts everybody: give one of them")
    if (reach.ca or reach.no_verify) and not any("https://" in text for text in urls):
        raise UsageError("--ca and --no-verify are for servers that run already: give a --url https://...")


def _check_allowed(endpoint: Endpoint, allowed: Collection[str]) -> None:
    """Raise UsageError for a host beyond loopback that the user does not allow by its name."""
    if endpoint.is_loopback or endpoint.name in {host.lower().strip("[]") for host in allowed}:
        return
    where = join_words(endpoint.addresses)
    leads = "" if where == endpoint.name else f", which leads to {where},"
    raise UsageError(
        f"--url {endpoint.url}: {endpoint.name}{leads} is not a loopback address; add --allow-remote {endpoint.name} "
        f"if you may load that machine: no second will have more than {REMOTE_RPS:g} requests, or --most-rps"
    )


def join_setups(setups: Mapping[str, Setup], running: Mapping[str, Setup]) -> dict[str, Setup]:
    """All setups by name. Raises UsageError where two have one name, and ServerError where a server is not there."""
    if taken := [name for name in running if name in setups]:
        raise UsageError(
            f"--url: there is a setup '{taken[0]}' already; give the server another name, as in my-{taken[0]}=URL"
        )
    return {**setups, **{name: _look(setup) for name, setup in running.items()}}


def _look(setup: Setup) -> Setup:
    """Say what is known of a server, and add its number of workers."""
    server = attach(setup)
    workers = len(server.workers())
    note(f"{setup.name}: {setup.address} as it runs, {_processes(server, workers)}")
    return replace(setup, workers=max(1, workers))


def _processes(server: Server, workers: int) -> str:
    if server.pid is None:
        unread = server.attachment.unread if server.attachment else ""
        return f"without CPU and memory: {unread}"
    more = f" and its {workers} workers" if workers > 1 else ""
    return f"with CPU and memory of process {server.pid}{more} ({_program(server.pid)})"


def _program(pid: int) -> str:
    """The first words of its command, without paths; empty where it cannot be read."""
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return "unknown"
    shown = " ".join(Path(word).name if word.startswith("/") else word for word in words[:4])
    return " ".join(shown.split())[:60]


# --- ceilings ------------------------------------------------------------------------------------


def check_ceilings(plan: Plan, setups: Mapping[str, Setup]) -> None:
    """Raise UsageError for a load that a ceiling would bend from the start, and for an engine that has none."""
    for cell in _under_ceiling(plan, setups):
        most_rps = setups[cell.setup].most_rps
        where = f"{cell.setup} has a ceiling of {most_rps:g} requests/s"
        if cell.engine != "native":
            raise UsageError(f"{where}, which only the native engine keeps: leave --engine {cell.engine} out")
        if isinstance(cell.load, OpenLoad) and cell.load.arrivals_per_s > steady_rps(most_rps):
            raise UsageError(
                f"{where}: {cell.load.label} is above the {steady_rps(most_rps):g} that it carries; give a lower "
                "--rate or a larger --most-rps"
            )
        if isinstance(cell.load, ClosedLoad) and cell.load.users > _MOST_USERS_TIMES * most_rps:
            raise UsageError(
                f"{where}: {cell.load.label} are too many for it; give at most "
                f"{_MOST_USERS_TIMES * most_rps:.0f} --users or a larger --most-rps"
            )


def bound(plan: Plan, setups: Mapping[str, Setup], expected_s: float) -> float:
    """Say what will be sent where there are ceilings; when sending ends at the latest, by time.monotonic."""
    mine = _under_ceiling(plan, setups)
    if not mine:
        return math.inf
    longest_s = _LONGEST_TIMES * expected_s + _LONGEST_MORE_S
    for name in dict.fromkeys(cell.setup for cell in mine):
        _announce(setups[name], [cell for cell in mine if cell.setup == name], expected_s, longest_s)
    return time.monotonic() + longest_s


def announce_search(setup: Setup, scenario: str, expected_s: float, patience_s: float) -> float:
    """The same for a search for the capacity, which finds its rates on the way, and may wait for quiet."""
    if not setup.most_rps:
        return math.inf
    longest_s = _LONGEST_TIMES * expected_s + _LONGEST_MORE_S + patience_s
    _announce_load(setup, f"{scenario}, at rates that are searched for", expected_s, longest_s + _LAST_S)
    return time.monotonic() + longest_s


def _announce(setup: Setup, mine: Sequence[Cell], expected_s: float, longest_s: float) -> None:
    scenarios = join_words(list(dict.fromkeys(cell.scenario for cell in mine)))
    loads = join_words(list(dict.fromkeys(cell.load.label for cell in mine)))
    last_s = max(_LAST_S, *(cell.load.warmup_s + cell.load.duration_s + _LAST_S for cell in mine))
    _announce_load(setup, f"{scenarios}, with {loads}", expected_s, longest_s + last_s)


def _announce_load(setup: Setup, load: str, expected_s: float, longest_s: float) -> None:
    endpoint = find_endpoint(setup.address)
    most = math.ceil(setup.most_rps * longest_s)
    note(
        f"{setup.name}: sends to {setup.address} ({endpoint.place}): {load}; for {about(expected_s)}, "
        f"{about(longest_s)} at the longest; no second has more than {setup.most_rps:g} requests, and there are at "
        f"most {most:,} in all"
    )


def _under_ceiling(plan: Plan, setups: Mapping[str, Setup]) -> list[Cell]:
    return [cell for cell in _distinct(cells(plan)) if setups[cell.setup].most_rps]


def _distinct(found: Iterable[Cell]) -> list[Cell]:
    """One cell for all of its rounds."""
    return list({cell.key: cell for cell in found}.values())
