"""Command lines: what a server cannot be seen to do by asking it. That they work is test_server's business."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.plan import Setup
from bench.serve.commands import command

KINDS = ("uvicorn", "gunicorn", "granian", "hypercorn")


def argv(setup: Setup, host: str = "127.0.0.1") -> str:
    return " ".join(command(setup, host, 8000))


@pytest.mark.parametrize("kind", KINDS)
def test_a_users_arguments_follow_ours_and_so_win(kind: str) -> None:
    setup = Setup("mine", kind, args=("--backlog", "17"))  # type: ignore[arg-type]
    words = command(setup, "127.0.0.1", 8000)

    assert "--backlog" in words[:-2]
    assert words[-2:] == ["--backlog", "17"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_ipv6_address_is_written_as_the_server_reads_it(kind: str) -> None:
    words = command(Setup("mine", kind), "::1", 8000)  # type: ignore[arg-type]

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

    assert command(setup, "127.0.0.1", 8000) == ["serve", "{port}"]
