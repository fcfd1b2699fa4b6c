"""`bench init` in the folder of a service, as a user runs it."""

from __future__ import annotations

import platform
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from scenarios.files import own
from tests.bench.program import bench
from tests.bench.starter.apps import MODULE, PLAIN_ASGI, SHOP, lay_out

SRC = {"src/shop/__init__.py": "", "src/shop/main.py": SHOP}
OURS = ("--python", sys.executable)
FAILS = """
from contextlib import asynccontextmanager


@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no luck")
    yield


app = FastAPI(lifespan=lifespan)
"""


def test_a_factory_in_a_src_layout_gets_files_that_hold_what_works(tmp_path: Path) -> None:
    ended = bench("init", *OURS, cwd=lay_out(tmp_path, SRC))
    assert ended.returncode == 0, ended.stderr
    found = tomllib.loads((tmp_path / "bench.toml").read_text())
    service = found["service"]
    assert (service["app"], service["app_dir"]) == ("shop.main:create_app()", "src")
    assert service["health"] == "/healthz"
    assert list(found["setups"]) == ["uvicorn", "uvicorn-2", "gunicorn", "granian", "hypercorn"]
    scenarios = tmp_path / "bench_scenarios.py"
    assert set(own(scenarios)) == {"get-items", "post-items", "get-page", "get-healthz"}
    text = scenarios.read_text()
    for stub, reason in (
        ("GET /items/{item_id}", "answered 404"),
        ("POST /orders", "answered 409 when it was sent again"),
        ("DELETE /items/{item_id}", "it deletes"),
        ("GET /me", "it needs authentication"),
        ("POST /upload", "its body is multipart/form-data"),
        ("GET /broken", "answered 500"),
    ):
        assert f"# {stub}: {reason}" in text
    assert "smoke test: 4 of 4" in ended.stdout
    assert "bench run" in ended.stdout
    assert "prints while it is imported" not in ended.stdout


def test_nothing_is_overwritten_and_nothing_is_started(tmp_path: Path) -> None:
    lay_out(tmp_path, {"main.py": "raise SystemExit", "bench_scenarios.py": "mine"})
    ended = bench("init", cwd=tmp_path)
    assert (ended.returncode, "bench_scenarios.py" in ended.stderr) == (2, True)
    assert (tmp_path / "bench_scenarios.py").read_text() == "mine"
    assert not (tmp_path / "bench.toml").exists()


def test_without_a_smoke_test_the_schema_alone_decides(tmp_path: Path) -> None:
    ended = bench(
        "init", *OURS, "--no-smoke", "--app", "main:app", cwd=lay_out(tmp_path, {"main.py": MODULE})
    )
    assert ended.returncode == 0, ended.stderr
    assert set(own(tmp_path / "bench_scenarios.py")) == {"get-root", "get-sub-ping", "get-old-version"}
    assert "starting" not in ended.stderr
    assert f"(ASGI, fastapi {version('fastapi')}, Python {platform.python_version()}; --app)" in ended.stderr


SECRETS = ("SIGNING_KEY=correct-horse", "DATABASE_URL=postgresql://shop:correct-horse@db/shop")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_refused_for_a_file_that_is_committed_and_taken_from_one_that_is_not(
    tmp_path: Path, secret: str
) -> None:
    lay_out(tmp_path, {"app.py": PLAIN_ASGI, ".env": f"{secret}\n"})
    ended = bench("init", *OURS, "--no-smoke", "--env", "MODE=test", "--env", secret, cwd=tmp_path)
    assert (ended.returncode, "--env-file" in ended.stderr) == (2, True)
    assert "correct-horse" not in ended.stderr
    assert not list(tmp_path.glob("bench*"))
    ended = bench("init", *OURS, "--no-smoke", "--env", "MODE=test", "--env-file", ".env", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    written = "".join(path.read_text() for path in tmp_path.glob("bench*"))
    assert ("correct-horse" in written, 'env_file = ".env"' in written) == (False, True)


def test_a_service_that_does_not_start_leaves_no_files(tmp_path: Path) -> None:
    source = MODULE.replace("app = FastAPI()", FAILS)
    ended = bench("init", *OURS, cwd=lay_out(tmp_path, {"main.py": source}))
    assert ended.returncode == 1
    assert "no luck" in ended.stderr
    assert not list(tmp_path.glob("bench*"))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (("--app", "main"), "MODULE:ATTRIBUTE"),
        (("--app", "nothing:app"), "--app-dir"),
        (("--app", "app:nothing"), "has no nothing"),
        (("--env", "A"), "--env"),
        (("--env-file", "nowhere"), "nowhere"),
        (("--app-dir", "nowhere"), "--app-dir"),
    ],
)
def test_a_mistake_gets_a_sentence(tmp_path: Path, given: tuple[str, ...], word: str) -> None:
    ended = bench("init", *OURS, *given, cwd=lay_out(tmp_path, {"app.py": PLAIN_ASGI}))
    assert (ended.returncode, word in ended.stderr, "unexpected" in ended.stderr) == (2, True, False)


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = bench("init", "--python", "own/python", cwd=lay_out(tmp_path, {"app.py": PLAIN_ASGI}))
    assert (ended.returncode != 0, "own/python" in ended.stderr, "unexpected" in ended.stderr) == (
        True,
        True,
        False,
    )
