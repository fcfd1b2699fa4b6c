"""Command lines: what a server cannot be seen to do by asking it. That they work is test_server's business."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.plan import Setup
from bench.serve.certificates import Certificate
from bench.serve.commands import INSIDE, command, environment, fill, placeholders
from bench.serve.interpreter import OWN, Interpreter

PYTHON = Path("/opt/x/bin/python")
KINDS = ("uvicorn", "gunicorn", "granian", "hypercorn")


def argv(setup: Setup, host: str = "127.0.0.1") -> str:
    return " ".join(command(setup, PYTHON, host, 8000))


@pytest.mark.parametrize("kind", KINDS)
def test_a_users_arguments_follow_ours_and_so_win(kind: str) -> None:
    setup = Setup("mine", kind, args=("--backlog", "17"))  # type: ignore[arg-type]
    words = command(setup, PYTHON, "127.0.0.1", 8000)

    assert "--backlog" in words[:-2]
    assert words[-2:] == ["--backlog", "17"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_ipv6_address_is_written_as_the_server_reads_it(kind: str) -> None:
    words = command(Setup("mine", kind), PYTHON, "::1", 8000)  # type: ignore[arg-type]

    if kind in ("gunicorn", "hypercorn"):
        assert "[::1]:8000" in words
    else:
        assert words[words.index("--host") + 1] == "::1"
        assert words[words.index("--port") + 1] == "8000"


FACTORIES = {
    "uvicorn": ("--factory pack.age:make", "pack.age:app"),
    "granian": ("--factory pack.age:make", "pack.age:app"),
    "gunicorn": ("pack.age:make()", "pack.age:app"),
    "hypercorn": ("pack.age:make()", "pack.age:app"),
}


@pytest.mark.parametrize(("kind", "factory", "plain"), [(k, *v) for k, v in FACTORIES.items()], ids=FACTORIES)
def test_a_factory_is_told_from_an_app(kind: str, factory: str, plain: str) -> None:
    setup = Setup("mine", kind, app="pack.age:make()")  # type: ignore[arg-type]

    assert factory in argv(setup)
    assert plain in argv(replace(setup, app="pack.age:app"))
    assert "--factory" not in argv(replace(setup, app="pack.age:app"))


def test_a_command_is_taken_as_it_is() -> None:
    setup = Setup("mine", "command", command=("serve", "{port}"), args=("--ignored",))

    assert command(setup, PYTHON, "127.0.0.1", 8000) == ["serve", "{port}"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_runs_in_the_services_interpreter(kind: str) -> None:
    assert command(Setup("mine", kind), PYTHON, "127.0.0.1", 8000)[:2] == [str(PYTHON), "-m"]  # type: ignore[arg-type]


def test_a_plain_python_in_a_command_is_the_services() -> None:
    setup = Setup("mine", "command", command=("python3", "serve.py"))

    assert command(setup, PYTHON, "127.0.0.1", 8000) == [str(PYTHON), "serve.py"]


@pytest.mark.parametrize(("ready_within_s", "seconds"), [(30.0, "60"), (90.5, "91")])
def test_gunicorn_waits_for_a_worker_as_long_as_we_do(ready_within_s: float, seconds: str) -> None:
    words = command(Setup("mine", "gunicorn", ready_within_s=ready_within_s), PYTHON, "127.0.0.1", 8000)

    assert words[words.index("--timeout") + 1] == seconds


def test_a_users_path_of_imports_comes_before_ours_and_the_apps_folder_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    setup = Setup("mine", "uvicorn", app="shop:app", app_dir="src", env={"PYTHONPATH": "lib"})

    def path(setup: Setup) -> list[str]:
        return environment(setup, OWN, tmp_path)["PYTHONPATH"].split(os.pathsep)

    assert path(setup) == [str(tmp_path / "src"), "lib"]
    assert path(replace(setup, server="gunicorn")) == ["lib", str(INSIDE)]
    assert "PYTHONPATH" not in environment(replace(setup, app_dir="", env={}), OWN, tmp_path)


def test_programs_of_the_services_environment_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    (tmp_path / "bin").mkdir()
    interpreter = Interpreter(tmp_path / "bin" / "python", "")
    assert environment(Setup("mine", "uvicorn"), interpreter, tmp_path)["PATH"] == "/usr/bin"
    (tmp_path / "pyvenv.cfg").touch()
    assert environment(Setup("mine", "uvicorn"), interpreter, tmp_path)["PATH"] == f"{tmp_path}/bin:/usr/bin"


CERTIFICATES = {
    "uvicorn": "--ssl-certfile {cert} --ssl-keyfile {key}",
    "gunicorn": "--certfile {cert} --keyfile {key}",
    "granian": "--ssl-certificate {cert} --ssl-keyfile {key}",
    "hypercorn": "--certfile {cert} --keyfile {key}",
}
SOCKETS = {
    "uvicorn": "--uds {socket}",
    "gunicorn": "-b unix:{socket}",
    "granian": "--uds {socket}",
    "hypercorn": "-b unix:{socket}",
}


@pytest.mark.parametrize("kind", KINDS)
def test_certificate_and_socket_are_named_where_the_setup_has_them(kind: str) -> None:
    plain = Setup("mine", kind)  # type: ignore[arg-type]
    assert "{" not in argv(plain).replace("{tmp}", "")
    assert CERTIFICATES[kind] in argv(replace(plain, tls=True))
    on_socket = argv(replace(plain, bind="unix"))
    assert SOCKETS[kind] in on_socket
    assert "8000" not in on_socket


def test_placeholders_of_a_certificate_are_there_with_one_alone() -> None:
    where: tuple[Path, Path, tuple[str, int], dict[str, str]] = (Path("/t"), PYTHON, ("::1", 8000), {})
    assert placeholders(*where)["{socket}"] == "/t/app.sock"
    assert not {"{cert}", "{key}", "{ca}"} & placeholders(*where).keys()
    values = placeholders(*where, Certificate(Path("/t/c"), Path("/t/k"), Path("/t/a")))
    assert fill("{cert} {key} {ca} {host}", values) == "/t/c /t/k /t/a ::1"
