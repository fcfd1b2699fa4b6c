"""The folder that the harness lies in, and further processes that run modules of it."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.model.plan import Setup

HOME = Path(__file__).resolve().parents[2]
"""Holds `bench/`, `scenarios/`, `target_app/` and `locustfile.py`."""

_BARE_APPS = "bench.machine"
_DEMO_APP = "target_app"
_RUN = (
    "import runpy, sys; "
    "sys.path.insert(0, sys.argv.pop(1)); "
    "import bench, scenarios; "  # at once: Locust, for one, puts the current folder in front of the path
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def own_command(module: str, *arguments: str) -> list[str]:
    """The argv that runs a module in our interpreter, in any folder: our packages come first on its path of imports.

    PYTHONPATH would say the same, but to every process that the module starts as well.
    """
    return [sys.executable, "-P", "-c", _RUN, str(HOME), module, *arguments]


def names_demo(app: str) -> bool:
    """Whether an app, as a setup names it, is the demo app."""
    return _is_below(_DEMO_APP, app)


def names_own(app: str) -> bool:
    """Whether an app, as a setup names it, is one that the harness brings along: the demo app, or a bare one."""
    return names_demo(app) or _is_below(_BARE_APPS, app)


def is_demo(setup: Setup) -> bool:
    """Whether a setup serves the demo app, which needs packages of its own."""
    return _serves_app(setup) and names_demo(setup.app)


def is_own(setup: Setup) -> bool:
    """Whether a setup serves an app that the harness brings along: the demo app, or a bare one."""
    return _serves_app(setup) and names_own(setup.app)


def module_of(app: str) -> str:
    """The module of an app: `shop.main` of `shop.main:create_app()`."""
    return app.partition(":")[0]


def holds_module(folder: Path, module: str) -> bool:
    """Whether Python would find a module, or the package of that name, in a folder."""
    place = folder.joinpath(*module.split("."))
    return place.is_dir() or place.with_name(f"{place.name}.py").is_file()


def _is_below(package: str, app: str) -> bool:
    return f"{module_of(app)}.".startswith(f"{package}.")


def _serves_app(setup: Setup) -> bool:
    """Whether it is we who start the app that the setup names."""
    return setup.server not in ("command", "running")
