"""The look at an app, run as the harness runs it: in another process, by a script of the standard library."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.starter.apps import MODULE, PLAIN_ASGI, PLAIN_WSGI, SHOP, STARLETTE, lay_out

INSIDE = Path(__file__).parents[3] / "bench" / "inside"


def look(folder: Path, app: str, place: str = "", python: str = sys.executable) -> dict[str, Any]:
    """The answer about an app that is imported from a place in a folder."""
    question = json.dumps({"app": app, "folder": str(folder / place)})
    answer = folder / "answer.json"
    script = INSIDE / "_fastapi_bench_look.py"
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [python, str(script), question, str(answer)]
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, timeout=60)
    found: dict[str, Any] = json.loads(answer.read_text())
    return found


@pytest.mark.parametrize("name", ["_fastapi_bench_look.py", "_fastapi_bench_routes.py"])
def test_it_is_python_3_9_of_the_standard_library_alone(name: str) -> None:
    tree = ast.parse((INSIDE / name).read_text(), feature_version=(3, 9))
    imported = [each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    imported += [
        alias.name for each in ast.walk(tree) if isinstance(each, ast.Import) for alias in each.names
    ]
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_a_factory_is_called_though_it_was_named_without_brackets(tmp_path: Path) -> None:
    lay_out(tmp_path, {"src/shop/__init__.py": "", "src/shop/main.py": SHOP})
    found = look(tmp_path, "shop.main:create_app", "src")
    assert (found["app"], found["interface"], found["framework"]) == (
        "shop.main:create_app()",
        "asgi",
        "fastapi",
    )
    assert found["lifespan"] == "on"
    assert [one["prefix"] for one in found["schemas"]] == [""]
    assert set(found["schemas"][0]["schema"]["paths"]) >= {"/items", "/items/{item_id}", "/me"}
    assert {"method": "GET", "path": "/healthz", "kinds": {}} in found["routes"]
    assert found["packages"].keys() >= {"uvicorn", "gunicorn", "fastapi"}
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_apps_that_are_mounted_are_looked_at_with_their_prefix(tmp_path: Path) -> None:
    found = look(lay_out(tmp_path, {"main.py": MODULE}), "main:app")
    assert {one["prefix"]: list(one["schema"]["paths"]) for one in found["schemas"]} == {
        "": ["/"],
        "/sub": ["/ping"],
    }
    assert {"method": "GET", "path": "/old/version", "kinds": {}} in found["routes"]


def test_middleware_of_any_kind_is_looked_through(tmp_path: Path) -> None:
    found = look(lay_out(tmp_path, {"asgi.py": STARLETTE}), "asgi:application")
    assert (found["framework"], found["interface"], found["schemas"]) == ("starlette", "asgi", [])
    assert found["routes"] == [
        {"method": "GET", "path": "/square/{number}", "kinds": {"number": "integer"}},
        {"method": "POST", "path": "/notes", "kinds": {}},
    ]


def test_a_plain_callable_is_asked_for_its_schema_and_its_lifespan(tmp_path: Path) -> None:
    found = look(lay_out(tmp_path, {"app.py": PLAIN_ASGI}), "app:app")
    assert (found["framework"], found["interface"], found["lifespan"]) == ("", "asgi", "off")
    assert list(found["schemas"][0]["schema"]["paths"]) == ["/greeting"]


def test_a_plain_wsgi_callable_is_told_by_its_parameters(tmp_path: Path) -> None:
    found = look(lay_out(tmp_path, {"app.py": PLAIN_WSGI}), "app:app")
    assert (found["interface"], found["lifespan"], found["schemas"]) == ("wsgi", "off", [])


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import nothing_of_this_name\napp = 1", "raised"),
        ("raise SystemExit('no settings')", "raised"),
        ("application = 1", "no-attribute"),
        ("app = 1", "no-app"),
        ("async def app():\n    return 1", "no-app"),
        ("def app():\n    return 1", "no-app"),
    ],
)
def test_what_is_no_app_is_named(tmp_path: Path, source: str, kind: str) -> None:
    found = look(lay_out(tmp_path, {"main.py": source}), "main:app")
    assert found["error"]["kind"] == kind


def test_a_module_that_is_not_there_is_told_from_one_that_it_lacks(tmp_path: Path) -> None:
    lay_out(tmp_path, {"shop/main.py": "import shop.nothing\napp = 1"})
    assert look(tmp_path, "store.main:app")["error"]["kind"] == "absent"
    assert look(tmp_path, "shop.store:app")["error"]["kind"] == "absent"
    lacking = look(tmp_path, "shop.main:app")["error"]
    assert (lacking["kind"], lacking["missing"]) == ("raised", "shop.nothing")


def test_files_of_the_service_do_not_hide_the_standard_library_from_the_look(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {"app.py": PLAIN_WSGI, "platform.py": "raise RuntimeError", "traceback.py": "raise RuntimeError"},
    )
    assert look(tmp_path, "app:app")["interface"] == "wsgi"
