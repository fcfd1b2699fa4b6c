"""The modules of each kind of server, looked for in real environments: one that has them all, and an empty one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.serve.interpreter import OWN, Interpreter
from bench.serve.requirements import check_installed, needed_modules
from bench.serve.server import serving
from bench.system.processes import Processes

UVICORN = Setup("x", "uvicorn")
GUNICORN = replace(UVICORN, server="gunicorn")
NEEDED = {
    "uvicorn": (UVICORN, {"uvicorn", "uvloop", "httptools"}),
    "uvicorn without extras": (replace(UVICORN, loop="asyncio", http="h11"), {"uvicorn", "h11"}),
    "gunicorn": (GUNICORN, {"gunicorn", "uvicorn", "uvicorn_worker", "uvloop", "httptools"}),
    "uvicorn with websockets": (
        replace(UVICORN, ws="websockets-sansio"),
        {"uvicorn", "uvloop", "httptools", "websockets"},
    ),
    "uvicorn with wsproto": (replace(UVICORN, ws="wsproto"), {"uvicorn", "uvloop", "httptools", "wsproto"}),
    "gunicorn's own worker": (
        replace(GUNICORN, worker="asgi", loop="asyncio"),
        {"gunicorn", "gunicorn.workers.gasgi"},
    ),
    "gunicorn over HTTP/2": (
        replace(GUNICORN, worker="asgi", loop="asyncio", http2=True),
        {"gunicorn", "gunicorn.http2.negotiation", "h2"},
    ),
    "gunicorn for WSGI": (replace(GUNICORN, interface="wsgi"), {"gunicorn"}),
    "granian": (replace(UVICORN, server="granian", http="own"), {"granian", "uvloop"}),
    "hypercorn": (replace(UVICORN, server="hypercorn", http="h11", loop="asyncio"), {"hypercorn"}),
    "a command": (Setup("x", "command", command=("node",)), set()),
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """An environment without any package."""
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return Interpreter(folder / "bin" / "python", "the empty one")


@pytest.mark.parametrize(("setup", "modules"), NEEDED.values(), ids=NEEDED)
def test_a_setup_needs_the_modules_of_its_server_its_loop_and_its_parser(
    setup: Setup, modules: set[str]
) -> None:
    assert set(needed_modules(setup)) == modules
    check_installed(setup, OWN)


@pytest.mark.parametrize(("setup", "modules"), NEEDED.values(), ids=NEEDED)
def test_what_is_missing_is_one_sentence_with_the_command_that_installs_it(
    setup: Setup, modules: set[str], empty: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # without uv
    if not modules:
        check_installed(setup, empty)
        return
    with pytest.raises(ServerError) as caught:
        check_installed(setup, empty)
    said = str(caught.value)
    assert said.startswith("setup 'x': ")
    assert "\n" not in said
    command = said.partition("install it there: ")[2].partition("; or do without")[0].split()
    assert command[:4] == [str(empty.path), "-m", "pip", "install"]
    packages = {word.strip("'").partition(">")[0].replace("-", "_") for word in command[4:]}
    assert packages == {module.partition(".")[0] for module in modules}


def test_where_only_what_makes_it_quicker_is_missing_the_sentence_names_the_keys(
    empty: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "uvicorn.py").touch()
    with pytest.raises(ServerError, match=r'do without: loop = "asyncio", http = "h11"$'):
        check_installed(UVICORN, empty, (tmp_path,))
    (tmp_path / "with h11").mkdir()
    for module in ("uvicorn", "h11"):
        (tmp_path / "with h11" / f"{module}.py").touch()
    check_installed(replace(UVICORN, loop="asyncio", http="h11"), empty, (tmp_path / "with h11",))


def test_the_worker_that_old_versions_of_uvicorn_bring_will_do(empty: Interpreter, tmp_path: Path) -> None:
    for module in ("gunicorn", "uvloop", "httptools"):
        (tmp_path / f"{module}.py").touch()
    (tmp_path / "uvicorn").mkdir()
    (tmp_path / "uvicorn" / "__init__.py").touch()
    with pytest.raises(ServerError, match="lacks uvicorn_worker;"):
        check_installed(GUNICORN, empty, (tmp_path,))
    old = tmp_path / "old"
    old.mkdir()
    for path in tmp_path.glob("*.py"):
        path.rename(old / path.name)
    (tmp_path / "uvicorn").rename(old / "uvicorn")
    (old / "uvicorn" / "workers.py").touch()
    check_installed(GUNICORN, empty, (old,))


def test_an_interpreter_that_is_not_there_is_told_with_its_setup(processes: Processes) -> None:
    setup = Setup("mine", "uvicorn", app="app:app", python="3.99")
    with pytest.raises(ServerError, match=r"^setup 'mine': python = \"3.99\": "), serving(setup, processes):
        pass


def test_a_server_is_not_started_where_its_modules_are_missing(
    empty: Interpreter, processes: Processes
) -> None:
    setup = Setup("mine", "uvicorn", app="app:app", python=str(empty.path))
    before = processes.children
    with (
        pytest.raises(ServerError, match="lacks uvicorn and uvloop and httptools;"),
        serving(setup, processes),
    ):
        pass
    assert processes.children == before
