"""A scenario that names what the process imports while it runs."""

from __future__ import annotations

import sys
from random import Random

from scenarios.model import Flow, Request, Scenario

_sessions = 0
_modules: frozenset[str] = frozenset()


def _late_imports(rng: Random) -> Flow:
    """Its label names a module that was imported after the 20th session."""
    global _sessions, _modules
    _sessions += 1
    if _sessions <= 20:
        _modules = frozenset(sys.modules)
    late = min(set(sys.modules) - _modules, default="nothing")
    yield Request("GET", "/ok", name=f"imported: {late}")


SCENARIOS = {"late-imports": Scenario("late-imports", _late_imports)}
