"""What a setup may not say, key by key; its types are the business of test_config."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.plan.setup_rules import check_setup, is_path, with_absolute_paths

PLAIN = Setup("a", "uvicorn")
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no workers": ({"workers": 0}, "workers: 0 is too few"),
    "no command": ({"server": "command"}, 'command: a server = "command" needs one'),
    "a service in env": ({"env": {"A": "{redis}"}}, 'env: mentions {redis}; add services = ["redis"]'),
    "a service in prepare": ({"prepare": ("x", "{postgres}")}, "prepare: mentions {postgres}; add services"),
    "health": ({"health": "ok"}, "health: 'ok' is not a path"),
    "no time": ({"ready_within_s": -1.0}, "ready_within_s: -1 is too short"),
    "not a number": ({"ready_within_s": float("nan")}, "ready_within_s: nan is too short"),
    "cpu": ({"cpus": (0, -2)}, "cpus: -2 is not a CPU number"),
    "wsgi with a lifespan": ({"interface": "wsgi", "lifespan": "on"}, "lifespan: a WSGI app has none"),
    "wsgi by asgi": (
        {"interface": "wsgi", "server": "gunicorn", "worker": "asgi"},
        'worker: "asgi" serves no WSGI app',
    ),
    "asgi by sync": ({"server": "gunicorn", "worker": "sync"}, 'worker: "sync" serves WSGI apps alone'),
    "granian": (
        {"server": "granian", "lifespan": "on"},
        'lifespan: granian knows no "on"; give "auto" or "off"',
    ),
    "hypercorn": (
        {"server": "hypercorn", "lifespan": "off"},
        'lifespan: hypercorn knows no "off"; give "auto"',
    ),
    "HTTP/2 of uvicorn": (
        {"http2": True},
        'http2: uvicorn speaks HTTP/1.1 alone; take server = "granian", "hypercorn" or "gunicorn"',
    ),
    "HTTP/2 of gunicorn": (
        {"server": "gunicorn", "http2": True},
        'http2: gunicorn\'s worker "uvicorn" speaks HTTP/1.1 alone; give worker = "asgi"',
    ),
    "HTTP/2 of gunicorn for WSGI": (
        {"server": "gunicorn", "http2": True, "interface": "wsgi", "worker": "sync"},
        'http2: gunicorn\'s worker "sync" speaks HTTP/1.1 alone; give worker = "gthread"',
    ),
    "granian with a library": (
        {"server": "granian", "ws": "wsproto"},
        'ws: granian knows no "wsproto"; give "auto" or "none"',
    ),
    "hypercorn without": (
        {"server": "hypercorn", "ws": "none"},
        'ws: hypercorn knows no "none"; give "auto"',
    ),
    "gunicorn's own worker without": (
        {"server": "gunicorn", "worker": "asgi", "ws": "none"},
        'ws: gunicorn\'s own worker knows no "none"; give "auto"',
    ),
    "wsgi with a library": (
        {"interface": "wsgi", "ws": "wsproto"},
        'ws: a WSGI app knows no "wsproto"; give "auto" or "none"',
    ),
    "prefix without a slash": ({"root_path": "api"}, "root_path: 'api' must begin with /"),
    "prefix with one too many": ({"root_path": "/api/"}, "root_path: '/api/' must begin with /"),
    "python": ({"python": " 3.13"}, "python: ' 3.13' is neither a path nor a version"),
    "carry out of it": ({"carry": ("../secrets",)}, "carry: '../secrets' must be the path of a file below"),
    "carry from anywhere": ({"carry": ("a", "/etc/passwd")}, "carry: '/etc/passwd' must be"),
    "a certificate without tls": ({"args": ("{cert}",)}, "command: mentions {cert}; add tls = true"),
    "an authority without tls": ({"ca": "/ca.pem"}, "ca: says how to trust a certificate; add tls = true"),
    "no verification without tls": ({"verify": False}, "verify: says how to trust a certificate; add tls"),
    "an authority of a server of ours": (
        {"ca": "/ca.pem", "tls": True},
        "ca: uvicorn is given a certificate that the harness makes",
    ),
    "a command that misses its socket": (
        {"server": "command", "command": ("serve", "{port}"), "bind": "unix"},
        'bind: a command that listens on a Unix socket has bind = "unix" and is given its path',
    ),
    "a socket for one with a port": ({"env": {"S": "{socket}"}}, "bind: a command that listens on a Unix"),
    "nothing to prepare with": ({"prepare": (" ",)}, "prepare: begins without a program"),
}


@pytest.mark.parametrize(("keys", "sentence"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_is_one_sentence_with_its_key(keys: dict[str, Any], sentence: str) -> None:
    check_setup("here", PLAIN)
    with pytest.raises(UsageError) as caught:
        check_setup("here", replace(PLAIN, **keys))
    assert str(caught.value).startswith(f"here {sentence}")
    assert "\n" not in str(caught.value)


FINE: dict[str, dict[str, Any]] = {
    "wsgi": {"interface": "wsgi", "server": "gunicorn", "worker": "gthread"},
    "wsgi by default": {"interface": "wsgi", "server": "hypercorn"},
    "granian without": {"server": "granian", "lifespan": "off"},
    "prepare": {"prepare": ("alembic", "-x", "{postgres}", "upgrade", "head"), "services": ("postgres",)},
    "carry": {"carry": (".env", "data/seed.sqlite")},
    "prefix": {"root_path": "/api/v1"},
    "tls on a socket": {"tls": True, "bind": "unix"},
    "a certificate": {"server": "command", "command": ("x", "{socket}"), "tls": True, "env": {"K": "{key}"}}
    | {"bind": "unix"},
    "a certificate of its own": {"server": "command", "command": ("x",), "tls": True, "ca": "/ca.pem"},
    "any certificate": {"server": "command", "command": ("x",), "tls": True, "verify": False},
    "HTTP/2 of granian": {"server": "granian", "http2": True},
    "HTTP/2 of hypercorn for WSGI": {"server": "hypercorn", "http2": True, "interface": "wsgi"},
    "HTTP/2 of gunicorn": {"server": "gunicorn", "http2": True, "worker": "asgi"},
    "HTTP/2 of gunicorn for WSGI": {
        "server": "gunicorn",
        "http2": True,
        "interface": "wsgi",
        "worker": "gthread",
    },
    "HTTP/2 of a command": {"server": "command", "http2": True, "command": ("h2o", "{port}")},
}


@pytest.mark.parametrize("keys", FINE.values(), ids=FINE)
def test_what_can_be_passes(keys: dict[str, Any]) -> None:
    check_setup("here", replace(PLAIN, **keys))


def test_only_what_is_a_path_is_made_absolute(tmp_path: Path) -> None:
    table = {"cwd": ".", "python": "python3.12", "app_dir": "src", "workers": 2, "env": {"cwd": "x"}}
    assert with_absolute_paths(table, tmp_path) == {**table, "cwd": str(tmp_path)}
    home = with_absolute_paths({"python": "~/x/bin/python"}, tmp_path)
    assert home == {"python": str(Path.home() / "x/bin/python")}
    assert with_absolute_paths({"cwd": 3}, tmp_path) == {"cwd": 3}
    assert with_absolute_paths({"ca": "ca.pem"}, tmp_path) == {"ca": str(tmp_path / "ca.pem")}
    assert with_absolute_paths({"ca": ""}, tmp_path) == {"ca": ""}


PYTHONS = {
    **dict.fromkeys(
        [".venv", ".venv/bin/python", "./python", "../venv", "venv/", "~", "~/venv", "/opt/p"], True
    ),
    **dict.fromkeys(["3.13", "python3.13", "3.13t", "python", "pypy3"], False),
}


@pytest.mark.parametrize(("python", "is_place"), PYTHONS.items())
def test_a_python_is_a_path_by_one_rule(tmp_path: Path, python: str, is_place: bool) -> None:
    assert is_path(python) == is_place
    assert Path(str(with_absolute_paths({"python": python}, tmp_path)["python"])).is_absolute() == is_place


def test_the_folder_of_a_user_who_is_not_there_is_a_name_like_any_other(tmp_path: Path) -> None:
    assert with_absolute_paths({"cwd": "~no-such-user/x"}, tmp_path) == {"cwd": f"{tmp_path}/~no-such-user/x"}
