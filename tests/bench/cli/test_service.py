"""The options about a service: the same on every command that starts a server, and what they do."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from bench.cli._lookup import configure
from bench.cli._service import ServiceOptions
from bench.errors import UsageError
from tests.bench.program import bench_here, read_until, start
from tests.bench.serve.shown import address, page

COMMANDS = ("run", "ab", "exact", "capacity", "noise", "serve", "locust")
OPTIONS = ("--app", "--app-dir", "--env", "--env-file", "--health", "--ready-within", "--python")

APP = """
import json, os

def make():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        status = 200 if scope["path"] in ("/up", "/env") else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(dict(os.environ)).encode()})
    return app
"""
"""It answers with its environment."""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_starts_a_server_has_them(command: str, tmp_path: Path) -> None:
    said = bench_here(command, "--help", cwd=tmp_path).stdout
    assert [name for name in OPTIONS if f"  {name} " not in said] == []


def test_they_become_keys_of_a_setup_and_those_not_given_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ServiceOptions().keys() == {}
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    given = ServiceOptions(
        app="shop:app",
        app_dir="src",
        env=["B=word", "C="],
        env_file=Path(".env"),
        health="/up",
        ready_within=90.0,
        python=".venv/bin/python",
    )
    assert given.keys() == {
        "app": "shop:app",
        "app_dir": str(tmp_path / "src"),
        "env": {"A": "file", "B": "word", "C": ""},
        "health": "/up",
        "ready_within_s": 90.0,
        "python": str(tmp_path / ".venv/bin/python"),
    }
    for typed, seen in (("3.13", "3.13"), (".venv", f"{tmp_path}/.venv"), ("~/x", str(Path.home() / "x"))):
        assert ServiceOptions(python=typed).keys() == {"python": seen}


def test_a_folder_of_the_app_is_the_one_that_the_user_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[service]\napp = "shop:app"\n{}[setups.apart]\nserver = "uvicorn"\ncwd = "api"\n'
    text += '[setups.plain]\nserver = "granian"\n'
    (tmp_path / "deep").mkdir()
    for cwd, folder, seen in (
        ("", ".", {"plain": "src", "apart": "../src", "uvicorn": "src"}),
        ("", "deep", {"plain": "deep/src", "apart": "../deep/src", "uvicorn": "deep/src"}),
        ('cwd = "deep"\n', ".", {"plain": "../src", "apart": "../src", "uvicorn": "../src"}),
        ('cwd = "deep"\n', "deep", {"plain": "src", "apart": "../deep/src", "uvicorn": "src"}),
    ):
        (tmp_path / "bench.toml").write_text(text.format(cwd))
        monkeypatch.chdir(tmp_path / folder)
        setups = configure(ServiceOptions(app_dir="src")).setups()
        assert {name: setups[name].app_dir for name in seen} == seen, (cwd, folder)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (ServiceOptions(app="shop"), "--app 'shop' is not module:attribute"),
        (ServiceOptions(health="up"), "--health up: is not a path; it must begin with /"),
        (ServiceOptions(env=["A"]), "--env A: write NAME=value"),
        (ServiceOptions(env_file=Path("no.env")), "--env-file: no.env: there is no such file"),
    ],
    ids=["app", "health", "env", "env-file"],
)
def test_a_mistake_names_its_option(options: ServiceOptions, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        options.keys()
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_them_to_its_setup(command: str, tmp_path: Path) -> None:
    """Each is refused for the same reason, which shows that it heard of both options."""
    words = {
        "capacity": ["node-http", "noop-async"],
        "exact": ["--setup", "node-http"],
        "run": ["--setup", "node-http", "--scenario", "noop-async", "--users", "1"],
    }.get(command, ["node-http"])
    (tmp_path / "setups.toml").write_text(
        '[node-http]\nserver = "command"\ncommand = ["python", "-c", "pass", "{port}"]\n'
    )
    done = bench_here(
        command, *words, "--setups", "setups.toml", "--app", "shop:app", "--env", "A=1", cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "setup 'node-http' starts a command of its own, for which there is no --app" in done.stderr


def test_an_app_of_ones_own_is_served_with_its_environment_and_not_the_demos(tmp_path: Path) -> None:
    (tmp_path / "my_app.py").write_text(APP)
    (tmp_path / "my.env").write_text("FROM_FILE=1\nFROM_BOTH=file\n")
    options = ("--app", "my_app:make()", "--health", "/up", "--env-file", "my.env", "--env", "FROM_BOTH=word")
    with start("serve", "--port", "0", *options, cwd=tmp_path) as child:
        url = address(read_until(child, "Ctrl-C stops it"))
        seen = json.loads(page(url, "/env") or "")
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=10)
    assert (seen["FROM_FILE"], seen["FROM_BOTH"]) == ("1", "word")
    assert not {"APP_BENCH", "APP_DATABASE_URL", "APP_PROBE_DIR"} & seen.keys()
