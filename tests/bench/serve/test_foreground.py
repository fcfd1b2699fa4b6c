"""Servers for people show what they log, and tell when they end."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest

from tests.bench.program import MINE, bench_here, lay_out, read_until, start
from tests.bench.serve.shown import address, page


def test_serve_shows_what_the_server_logs_and_tells_when_it_ends(tmp_path: Path) -> None:
    lay_out(tmp_path)
    with start("serve", "plain", *MINE[:2], "--port", "0", cwd=tmp_path) as child:
        url = address(read_until(child, "Ctrl-C"))
        assert page(url, "/seen-in-the-log") == "hello"
        read_until(child, "/seen-in-the-log")
        page(url, "/die")
        said = child.communicate(timeout=5)[1]
    assert child.returncode == 1
    assert "bench: setup 'plain': the server ended with status 3; its log:\n" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("command", "option"), [("serve", "--port"), ("locust", "--port"), ("locust", "--web-port")]
)
def test_a_port_that_is_taken_is_named_with_its_option(command: str, option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = bench_here(command, "uvicorn", option, str(port), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"bench: port {port} is taken; give another {option}\n"


def test_secrets_in_what_a_server_logs_are_masked(tmp_path: Path) -> None:
    lay_out(tmp_path)
    with (tmp_path / "setups.toml").open("a") as setups:
        setups.write('[secretive]\nextends = "plain"\nenv = { MY_TOKEN = "canary-in-a-path" }\n')
    with start("serve", "secretive", *MINE[:2], "--port", "0", cwd=tmp_path) as child:
        url = address(read_until(child, "Ctrl-C"))
        page(url, "/canary-in-a-path/password=canary-two")
        said = read_until(child, "/***/password=***")
    assert "canary" not in said


def test_serve_says_how_a_server_is_reached_by_tls_and_on_a_unix_socket(tmp_path: Path) -> None:
    """The command in its note is run as it stands, for another path."""
    lay_out(tmp_path)
    setups = """
[secure]
extends = "uvicorn"
tls = true
[socket]
extends = "secure"
bind = "unix"
"""
    (tmp_path / "mine.toml").write_text(setups)
    for name in ("secure", "socket"):
        with start("serve", name, "--setups", "mine.toml", "--port", "0", cwd=tmp_path) as child:
            note = read_until(child, "Ctrl-C stops it")
            words = note.rpartition("(")[2].partition(")")[0].replace("/docs", "/bench/noop/async").split()
            done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=20)
            child.terminate()
            child.communicate(timeout=10)
        assert json.loads(done.stdout) == {"message": "hello"}
        assert ("unix:/" in note) == (name == "socket")
