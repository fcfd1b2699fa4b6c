"""The tree that a running server took its code from, seen from outside.

A server of either arm is started once with a folder of ours in front of PYTHONPATH. In every Python process of that
server the `sitecustomize` of that folder notes each source file that runs, and then runs the user's own
`sitecustomize`. No server that is measured has it. Processes that do not run Python must have been started on a file of
the tree.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.errors import GateError
from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.system.revisions import Tree

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


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedServer:
    """A server that notes in `folder` which files it loads, the tree that it should run from, and the other arm's tree.

    `arm` and `setup` are names. The setup that it was started with is that of `watch`.
    """

    arm: str
    setup: str
    pid: int
    tree: Tree
    other: Tree
    folder: Path

    @property
    def title(self) -> str:
        return f"the {self.arm} ({self.tree.said})"


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A source file that ran: its path, and the part of it below the entry of `sys.path` that led to the file."""

    path: Path
    within: str


def watch(setup: Setup, folder: Path) -> Setup:
    """The setup whose servers note in this empty folder which files they load."""
    (folder / "sitecustomize.py").write_text(_HOOK)
    already = setup.env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(filter(None, (str(folder), already)))
    return replace(setup, env={**setup.env, "PYTHONPATH": path})


def check_origin(server: WatchedServer) -> str | None:
    """Compare the files that a watched server loaded with its own tree; a sentence where nothing can be proved.

    Raises GateError where it runs a file from elsewhere that its own tree has as well, or no file of its own tree.
    """
    loaded = _loaded_files(server.folder)
    files = [file for of_process in loaded.values() for file in of_process]
    _check_strays(files, server)
    if any(_holder(file.path, server) is server.tree for file in files):
        return None
    without_python = _processes_without_python(server, loaded)
    if files and not without_python:
        raise GateError(
            f"{server.title} runs no file of its own tree, so its version is not measured: "
            f"{server.setup} serves an app from elsewhere; serve the one in the folder that `bench ab` is run in"
        )
    return _check_command_lines(without_python, server)


def _loaded_files(folder: Path) -> dict[int, list[LoadedFile]]:
    """The files that each Python process has noted so far, by pid; an incomplete line is left for later."""
    return {
        int(file.name): [
            LoadedFile(Path(os.path.realpath(path)), within)
            for line in file.read_text(errors="surrogateescape").split("\n")[:-1]
            for path, within in [line.split("\0")]
        ]
        for file in folder.iterdir()
        if file.name.isdecimal()
    }


def _check_strays(files: Sequence[LoadedFile], server: WatchedServer) -> None:
    """Raise GateError at a file from elsewhere that the server's own tree has as well."""
    for file in files:
        if _holder(file.path, server) is not server.tree:
            for own in _counterparts(file, server):
                if own.is_file() and not own.samefile(file.path):
                    raise GateError(
                        f"{server.title} runs {file.path}, not {own.relative_to(server.tree.root)} of its own tree, so "
                        "its version is not measured; an installed copy (pip install, or pip install -e) comes first: "
                        "let the setup put the tree's own folder first, such as "
                        'env = { PYTHONPATH = "src" } or args = ["--app-dir", "src"]'
                    )


def _counterparts(file: LoadedFile, server: WatchedServer) -> Iterator[Path]:
    """Where the server's own tree would have a file: at its place in the other tree, or on the usual paths."""
    tree, other = server.tree, server.other
    if _holder(file.path, server) is other:
        yield tree.root / file.path.relative_to(other.root.resolve())
    for folder in dict.fromkeys((tree.folder, tree.folder / "src", tree.root, tree.root / "src")):
        yield folder / file.within


def _holder(path: Path, server: WatchedServer) -> Tree | None:
    """The tree that a file lies in; one tree may lie within the other."""
    holders = [tree for tree in (server.tree, server.other) if path.is_relative_to(tree.root.resolve())]
    return max(holders, key=lambda tree: len(tree.root.resolve().parts), default=None)


def _processes_without_python(server: WatchedServer, loaded: Mapping[int, object]) -> list[psutil.Process]:
    """The processes that answer requests and run another program than those that noted their files."""
    programs = {program for pid in loaded if (program := _program(pid))}
    processes = []
    for pid in ProcessTree(server.pid).workers():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if _program(pid) not in programs:
                processes.append(psutil.Process(pid))
    return processes


def _program(pid: int) -> str | None:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).exe()
    return None


def _check_command_lines(processes: Sequence[psutil.Process], server: WatchedServer) -> str | None:
    """None where a program was started that lies in the tree or has a file of it as argument; else a sentence."""
    files = [LoadedFile(path, "") for process in processes for path in _files_of_command(process)]
    _check_strays(files, server)
    if any(_holder(file.path, server) is server.tree for file in files):
        return None
    return (
        f"the origin of {server.title} is not proved: no Python runs in it that would show what it loads, "
        "and no file of its tree is on its command line; check that the two sides differ"
    )


def _files_of_command(process: psutil.Process) -> Iterator[Path]:
    """The program of a process and the files that its arguments name."""
    with contextlib.suppress(psutil.Error):
        folder = Path(process.cwd())
        for word in (process.exe(), *process.cmdline()[1:]):
            for part in dict.fromkeys((word, word.partition("=")[2])):
                path = folder / part
                with contextlib.suppress(OSError):
                    if part and path.is_file():
                        yield path.resolve()
