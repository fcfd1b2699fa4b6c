"""Whether two hosts are the same machine: the one place that decides which of their facts must be equal.

Packages never count: they change every few weeks, and what a new one costs is worth seeing.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.model.facts import HostFacts

UNKNOWN = "unknown"

_HARDWARE = ("cpu_model", "cores", "governor", "virtualisation")
_PLATFORM = ("system", "machine")

OF_RUNS = (*_HARDWARE, *_PLATFORM, "python")
"""For two runs. Kernel and compiler are only mentioned: they drift on any machine that is kept up to date."""

MENTIONED = ("kernel", "compiler")

OF_NOISE = (*_HARDWARE, "kernel", "python")
"""For the noise that was measured of a machine: a new kernel schedules anew."""


def identity(host: HostFacts) -> dict[str, object]:
    """For a history of years: hardware, system, and the Python without its patch release."""
    known = {name: getattr(host, name) for name in (*_HARDWARE, *_PLATFORM)}
    python = ".".join((host.python or "unknown Python").split(".")[:2])
    return {name: fact for name, fact in known.items() if fact is not None} | {"python": python}


def known_facts(host: HostFacts, names: tuple[str, ...]) -> Mapping[str, object]:
    """Those of the facts that the host could tell."""
    facts = {name: getattr(host, name) for name in names}
    return {name: fact for name, fact in facts.items() if fact is not None and fact != UNKNOWN}
