"""The servers that a service without a setup of its own is measured under: those of its interpreter."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli._servers import pick_servers
from bench.errors import UsageError
from bench.plan.configuration import Configuration
from tests.bench.cli.environment import make_environment


def picked(folder: Path, *modules: str) -> tuple[tuple[str, ...], dict[str, str]]:
    given = {"app": "shop:app", "python": str(make_environment(folder / "venv", modules))}
    return pick_servers(Configuration(given=given))


def test_each_kind_of_server_is_there_once_where_all_are_installed() -> None:
    servers, left_out = pick_servers(Configuration(given={"app": "bench.machine.bare_app:app"}))
    assert (servers, left_out) == (("uvicorn", "granian-1", "gunicorn-1", "hypercorn-1"), {})


def test_the_best_variant_that_is_installed_is_taken_and_the_others_are_left_out(tmp_path: Path) -> None:
    servers, left_out = picked(tmp_path, "uvicorn", "h11", "uvloop")
    assert servers == ("uvicorn-uvloop-h11",)
    assert set(left_out) == {"granian-1", "gunicorn-1", "hypercorn-1"}
    assert "lacks granian; install it there: " in left_out["granian-1"]


def test_plain_uvicorn_is_enough(tmp_path: Path) -> None:
    assert picked(tmp_path, "uvicorn", "h11")[0] == ("uvicorn-asyncio-h11",)


def test_without_any_server_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lacks uvicorn and h11; install it there: "):
        picked(tmp_path)
