"""The packages that only a part of the harness needs: which of them are missing here, and how to install them.

pyproject.toml sorts them into extras, and what is installed carries that list along as metadata.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import metadata
from importlib.util import find_spec

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.system.home import is_demo

_NAME = "fastapi-bench"
_REQUIREMENT = re.compile(r"""([\w.-]+)[^;]*;.*\bextra == ["']([\w-]+)["']""")
_MOST_NAMED = 3


def missing(extra: str) -> tuple[str, ...]:
    """The packages of an extra that are not installed; none are known where the harness itself is not installed."""
    return _missing(extra, tuple(sys.path))


@cache
def _missing(extra: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """The same, read once for a path of imports: each server that starts asks."""
    try:
        lines = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:
        return ()
    found = [_REQUIREMENT.match(line) for line in lines]
    return tuple(one[1] for one in found if one and one[2] == extra and not _is_installed(one[1]))


def need(*extras: str, what: str) -> None:
    """Raise UsageError, with the command that installs them, where `what` needs extras that are not installed."""
    if lacking := {extra: packages for extra in extras if (packages := missing(extra))}:
        names = [name for packages in lacking.values() for name in packages]
        raise UsageError(f"{what} needs {_listed(names)} (not installed): {install_command(*lacking)}")


def check_demo(setups: Iterable[Setup]) -> None:
    """Raise UsageError, with the command, where one of the setups serves the demo app and its packages are missing."""
    for setup in filter(is_demo, setups):
        need(
            *("app", "servers"),
            what=f"to measure a service of your own, begin with `bench init` in its folder; setup '{setup.name}' "
            "serves the demo app, which",
        )


def left_out(extra: str, what: str) -> str | None:
    """The sentence that `what` are left out for want of an extra, with the command that installs it; None with it."""
    names = missing(extra)
    if not names:
        return None
    return f"{what} are left out (not installed: {_listed(names)}): {install_command(extra)}"


def install_command(*extras: str) -> str:
    """The command that installs extras next to the harness, by pip, or by uv where there is no pip."""
    wanted = f"'{_NAME}[{','.join(extras)}]'"
    if find_spec("pip") is None:
        return f"uv pip install {wanted} --python {sys.executable}"
    return f"{sys.executable} -m pip install {wanted}"


def _is_installed(package: str) -> bool:
    try:
        return bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


def _listed(names: Sequence[str]) -> str:
    """`a, b and c`, or `a, b, c and 9 more packages`."""
    shown = [
        *names[:_MOST_NAMED],
        *([f"{len(names) - _MOST_NAMED} more packages"] if names[_MOST_NAMED:] else []),
    ]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
