"""Facts that an interpreter gives of itself and of its packages: one question, asked in a process of its own."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import ServerError
from bench.model.service import normalize

_WITHIN_S = 30.0

_QUESTION = """
import json, os, platform, sys, sysconfig
from importlib import machinery, metadata, util

asked = json.loads(sys.argv[1])
folders = asked["folders"]
sys.path[:] = [place for place in sys.path if place]

def find(name):
    try:
        return machinery.PathFinder.find_spec(name, folders) or util.find_spec(name)
    except Exception:
        return None

def has(name):
    package, _, module = name.partition(".")
    spec = find(package)
    if spec is None or not module:
        return spec is not None
    file = os.path.join(*module.split(".")) + ".py"
    return any(os.path.exists(os.path.join(place, file)) for place in spec.submodule_search_locations or ())

def packages():
    for found in metadata.distributions(path=folders + sys.path):
        try:
            yield found.metadata["Name"], found.version
        except Exception:
            continue

def places(spec):
    if spec and spec.has_location:
        yield os.path.dirname(spec.origin)
    for place in spec.submodule_search_locations or () if spec else ():
        yield place

print()
print(json.dumps({
    "executable": sys.executable,
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "modules": [name for name in asked["modules"] if has(name)],
    "packages": [[name, version] for name, version in packages() if name and version],
    "places": list(places(find(asked["top"]))) if asked["top"] else [],
}))
"""
"""For Python 3.9 and later. It is asked in a folder that nothing is imported from, and without the variables that
change what Python imports; what is asked about is looked for, and nothing of it is imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterFacts:
    """An interpreter: its path and version, its packages by name, and `modules`: those asked about that it can import.

    `places` are the folders of the module `top` that was asked about, the likeliest first.
    """

    executable: Path
    implementation: str
    version: str
    free_threaded: bool
    modules: frozenset[str] = frozenset()
    packages: Mapping[str, str] = field(default_factory=dict)
    places: tuple[Path, ...] = ()

    @property
    def title(self) -> str:
        """Such as `CPython 3.13.1`, or `CPython 3.14.0 free-threaded`."""
        return f"{self.implementation} {self.version}{' free-threaded' if self.free_threaded else ''}"


def ask(
    path: Path, modules: tuple[str, ...] = (), folders: tuple[Path, ...] = (), top: str = ""
) -> InterpreterFacts:
    """The facts that an interpreter gives, asked once; it looks into these folders before its own.

    Raises ServerError where it does not run.
    """
    return _ask(path, modules, tuple(map(str, folders)), top)


@functools.cache
def _ask(path: Path, modules: tuple[str, ...], folders: tuple[str, ...], top: str) -> InterpreterFacts:
    question = json.dumps({"modules": modules, "folders": folders, "top": top})
    try:
        done = subprocess.run(
            [path, "-E", "-c", _QUESTION, question],
            cwd=os.sep,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WITHIN_S,
            check=True,
        )
        said = json.loads(done.stdout.splitlines()[-1])
        return InterpreterFacts(
            executable=Path(said["executable"]),
            implementation=said["implementation"],
            version=said["version"],
            free_threaded=said["free_threaded"],
            modules=frozenset(said["modules"]),
            packages=_first_of_each(said["packages"]),
            places=tuple(map(Path, said["places"])),
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "it said nothing").splitlines()[-1]
        raise ServerError(f"{path} does not run: {last}; name another interpreter") from None
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError) as error:
        raise ServerError(f"{path} does not run: {error}; name another interpreter") from None


def _first_of_each(listed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The packages by name; of one that is there twice, in whatever spelling, the first is imported."""
    found: dict[str, tuple[str, str]] = {}
    for name, version in listed:
        found.setdefault(normalize(name), (name, version))
    return dict(sorted(found.values(), key=lambda each: each[0].lower()))
