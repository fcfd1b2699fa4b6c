"""Where an app is looked for, in folders that are laid out as people do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.starter.discovery import Candidate, candidates
from tests.bench.starter.apps import lay_out

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FACTORY = "from fastapi import FastAPI\n\n\ndef create_app():\n    return FastAPI()\n"


def names(folder: Path, *given: str) -> list[tuple[str, str]]:
    return [(each.app, each.app_dir) for each in candidates(folder, *given)]


@pytest.mark.parametrize(
    ("files", "first"),
    [
        ({"main.py": FASTAPI}, ("main:app", "")),
        ({"app.py": FASTAPI}, ("app:app", "")),
        ({"app/__init__.py": "", "app/main.py": FASTAPI}, ("app.main:app", "")),
        ({"app/main.py": FASTAPI}, ("app.main:app", "")),
        ({"src/shop/__init__.py": "", "src/shop/main.py": FACTORY}, ("shop.main:create_app()", "src")),
        ({"src/main.py": FASTAPI}, ("main:app", "src")),
        ({"backend/app/__init__.py": "", "backend/app/main.py": FASTAPI}, ("app.main:app", "backend")),
        ({"main.py": "if True:\n    app = 1\nelse:\n    pass\n"}, ("main:app", "")),
        ({"shop/__init__.py": FACTORY}, ("shop:create_app()", "")),
        ({"main.py": "service: FastAPI = FastAPI()\n"}, ("main:service", "")),
        ({"main.py": "from shop import app\n"}, ("main:app", "")),
        ({"main.py": "app = this is of another Python\n"}, ("main:app", "")),
        (
            {"manage.py": "", "site/asgi.py": "application = 1", "site/wsgi.py": "application = 1"},
            ("site.asgi:application", ""),
        ),
    ],
)
def test_the_likeliest_app_comes_first(tmp_path: Path, files: dict[str, str], first: tuple[str, str]) -> None:
    assert names(lay_out(tmp_path, files))[0] == first


@pytest.mark.parametrize(
    ("name", "text", "first"),
    [
        ("Procfile", "web: uvicorn shop.web:service --host 0.0.0.0 --port $PORT\n", ("shop.web:service", "")),
        (
            "Procfile",
            "web: gunicorn -k uvicorn.workers.UvicornWorker shop.web:make()\n",
            ("shop.web:make()", ""),
        ),
        (
            "Dockerfile",
            'CMD ["uvicorn", "shop.web:make", "--factory", "--port", "80"]\n',
            ("shop.web:make()", ""),
        ),
        ("Dockerfile", "CMD uvicorn --host 0.0.0.0 \\\n    shop.web:service\n", ("shop.web:service", "")),
        ("compose.yaml", "command: granian --interface asgi shop.web:service\n", ("shop.web:service", "")),
        ("pyproject.toml", '[tool.fastapi]\nentrypoint = "shop.web:service"\n', ("shop.web:service", "")),
        ("cli.py", 'uvicorn.run("shop.web:make", port=80, factory=True)\n', ("shop.web:make()", "")),
    ],
)
def test_what_starts_the_service_says_it_best(
    tmp_path: Path, name: str, text: str, first: tuple[str, str]
) -> None:
    files = {"shop/__init__.py": "", "shop/web.py": "make = service = 1", "main.py": FASTAPI, name: text}
    assert names(lay_out(tmp_path, files))[:2] == [first, ("main:app", "")]


def test_a_start_script_may_name_the_folder_of_imports(tmp_path: Path) -> None:
    files = {"lib/web.py": FASTAPI, "Procfile": "web: uvicorn --app-dir lib web:app"}
    assert candidates(lay_out(tmp_path, files))[0] == Candidate("web:app", "lib", "Procfile")


def test_an_address_and_a_module_of_others_are_no_app(tmp_path: Path) -> None:
    text = "web: gunicorn -b 0.0.0.0:80 -b localhost:port other.module:app\n"
    assert names(lay_out(tmp_path, {"Procfile": text})) == []


def test_tests_and_environments_are_not_searched(tmp_path: Path) -> None:
    files = {
        **dict.fromkeys(
            ("tests/main.py", ".venv/lib/main.py", "own/lib/main.py", "node_modules/main.py"), FASTAPI
        ),
        "own/pyvenv.cfg": "",
    }
    assert names(lay_out(tmp_path, files)) == []


def test_a_folder_that_is_no_package_may_be_where_imports_begin(tmp_path: Path) -> None:
    assert names(lay_out(tmp_path, {"api/main.py": FASTAPI})) == [("api.main:app", ""), ("main:app", "api")]
    assert names(tmp_path, "", "api") == [("main:app", "api")]


def test_a_given_app_is_the_only_one(tmp_path: Path) -> None:
    lay_out(tmp_path, {"main.py": FASTAPI, "src/shop/main.py": FASTAPI})
    assert names(tmp_path, "shop.main:make()") == [("shop.main:make()", ""), ("shop.main:make()", "src")]
    assert names(tmp_path, "shop.main:app", "src") == [("shop.main:app", "src")]
    assert names(tmp_path, "src/shop/main.py:app")[1] == ("shop.main:app", "src")


@pytest.mark.parametrize("app", ["main", "main:", ":app", "main app", "main:app(1)"])
def test_a_given_app_without_an_attribute_is_refused(tmp_path: Path, app: str) -> None:
    with pytest.raises(UsageError, match="--app"):
        candidates(tmp_path, app)


def test_a_given_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--app-dir"):
        candidates(tmp_path, "", "nowhere")
