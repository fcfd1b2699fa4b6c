"""Proves from which tree a running server took its code: two versions of which one was imported for both are equal.

A server of either arm is started once with a folder of ours in front of PYTHONPATH. The `sitecustomize` in it, in
every Python process of that server, notes each source file that is run, and then runs the user's own `sitecustomize`.
No server that is measured has it. Processes that are not Python's must have been started on a file of the tree.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.errors import GateError
from bench.gates.paired.arms import Arm, Instance
from bench.observe.process_tree import ProcessTree

_HOOK = """
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
seen = set()


def note(path):
    path = os.path.abspath(path)
    if path in seen or path.startswith((HERE, "<")):
        return
    seen.add(path)
    if path.startswith(LIBRARY) and "-packages" not in path:
        return
    entries = [os.path.abspath(str(entry)).rstrip(os.sep) + os.sep for entry in sys.path]
    entry = max((entry for entry in entries if path.startswith(entry)), key=len, default="")
    line = path + "\\0" + path[len(entry):] + "\\n"
    file = os.open(os.path.join(HERE, str(os.getpid())), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(file, line.encode("utf-8", "surrogateescape"))
    finally:
        os.close(file)


def hook(event, arguments):
    if event == "exec":
        path = getattr(arguments[0], "co_filename", None)
    elif event == "import":
        path = arguments[1]  # of extension modules only
    else:
        return
    try:
        if isinstance(path, str) and not path.startswith("<"):
            note(path)
    except Exception:
        pass  # whatever it is, the app goes on


sys.addaudithook(hook)
sys.path[:] = [entry for entry in sys.path if os.path.abspath(str(entry)) != HERE]
spec = PathFinder.find_spec("sitecustomize")
if spec is not None and spec.loader is not None:
    sys.modules["sitecustomize"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["sitecustomize"])
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source file that ran: where it lies, and the part of its path below the entry of `sys.path` that led to it."""

    path: Path
    within: str


def watched(arm: Arm, folder: Path) -> Arm:
    """The arm, its servers noting in this empty folder what they load."""
    (folder / "sitecustomize.py").write_text(_HOOK)
    env = arm.setup.env
    already = env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(filter(None, (str(folder), already)))
    return replace(arm, setup=replace(arm.setup, env={**env, "PYTHONPATH": path}))


def check_origin(instance: Instance, other: Arm, folder: Path) -> str | None:
    """Compare what a watched server loaded with its arm's tree; a sentence where nothing can be proved.

    Raises GateError where it runs anything from elsewhere that its own tree has, or nothing of its own tree.
    """
    arm = instance.arm
    loaded = _loaded(folder)
    files = [file for found in loaded.values() for file in found]
    if (stray := _stray(files, arm, other)) is not None:
        raise GateError(_said(arm, *stray))
    if any(_holder(file.path, arm, other) is arm for file in files):
        return None
    alien = _without_python(instance, loaded)
    if files and not alien:
        raise GateError(
            f"the {arm.name} ({arm.said}) runs no file of its own tree, so its version is not measured: "
            f"{arm.setup.name} serves an app from elsewhere; serve the one in the folder that `bench ab` is run in"
        )
    return _started_on(alien, arm, other)


def _loaded(folder: Path) -> dict[int, list[Loaded]]:
    """What each Python process noted so far, by pid; a line that is not complete is left for later."""
    return {
        int(file.name): [
            Loaded(Path(os.path.realpath(path)), within)
            for line in file.read_text(errors="surrogateescape").split("\n")[:-1]
            for path, within in [line.split("\0")]
        ]
        for file in folder.iterdir()
        if file.name.isdecimal()
    }


def _stray(files: Sequence[Loaded], arm: Arm, other: Arm) -> tuple[Path, Path] | None:
    """A file from elsewhere that the arm's own tree has, too, and where it has it."""
    for file in files:
        if _holder(file.path, arm, other) is not arm:
            for own in _counterparts(file, arm, other):
                if own.is_file() and not own.samefile(file.path):
                    return file.path, own
    return None


def _counterparts(file: Loaded, arm: Arm, other: Arm) -> Iterator[Path]:
    """Where the arm's own tree would have a file: at the same place as the other tree, or on the usual paths."""
    if _holder(file.path, arm, other) is other:
        yield arm.tree / file.path.relative_to(other.tree.resolve())
    for root in dict.fromkeys((arm.folder, arm.folder / "src", arm.tree, arm.tree / "src")):
        yield root / file.within


def _holder(path: Path, arm: Arm, other: Arm) -> Arm | None:
    """In whose tree a file lies; one tree may lie within the other."""
    holders = [one for one in (arm, other) if path.is_relative_to(one.tree.resolve())]
    return max(holders, key=lambda one: len(one.tree.resolve().parts), default=None)


def _without_python(instance: Instance, loaded: Mapping[int, object]) -> list[psutil.Process]:
    """The processes that answer requests and run another program than those that noted what they load."""
    programs = {program for pid in loaded if (program := _program(pid))}
    workers = ProcessTree(instance.server.pid).workers()
    found = []
    for pid in workers:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if _program(pid) not in programs:
                found.append(psutil.Process(pid))
    return found


def _program(pid: int) -> str | None:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).exe()
    return None


def _started_on(processes: Sequence[psutil.Process], arm: Arm, other: Arm) -> str | None:
    """None where a program was started that lies in the tree or has a file of it as argument; else a sentence."""
    files = [Loaded(path, "") for process in processes for path in _named(process)]
    if (stray := _stray(files, arm, other)) is not None:
        raise GateError(_said(arm, *stray))
    if any(_holder(file.path, arm, other) is arm for file in files):
        return None
    return (
        f"the origin of the {arm.name} ({arm.said}) is not proved: no Python runs in it that would show what it loads, "
        "and no file of its tree is on its command line; check that the two sides differ"
    )


def _named(process: psutil.Process) -> Iterator[Path]:
    """The program of a process and the files that its arguments name."""
    with contextlib.suppress(psutil.Error):
        folder = Path(process.cwd())
        for word in (process.exe(), *process.cmdline()[1:]):
            for part in dict.fromkeys((word, word.partition("=")[2])):
                path = folder / part
                with contextlib.suppress(OSError):
                    if part and path.is_file():
                        yield path.resolve()


def _said(arm: Arm, found: Path, own: Path) -> str:
    return (
        f"the {arm.name} ({arm.said}) runs {found}, not {own.relative_to(arm.tree)} of its own tree, so its version is "
        "not measured; "
        "an installed copy (pip install, or pip install -e) comes first: let the setup put the tree's own folder "
        'first, such as env = { PYTHONPATH = "src" } or args = ["--app-dir", "src"]'
    )
