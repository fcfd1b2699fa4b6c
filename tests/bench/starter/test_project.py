"""From an inspection to two files, on real servers."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import ServerError, UsageError
from bench.starter import project
from bench.starter.discovery import candidates
from bench.starter.draft import Draft
from bench.starter.inspection import inspect
from bench.starter.project import Given
from bench.system.home import HOME
from tests.bench.starter.apps import MODULE, STARLETTE, lay_out
from tests.bench.starter.services import inspection

OURS = Path(sys.executable)

NO_OPERATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def first_draft(folder: Path, health: str = "") -> tuple[Draft, Given]:
    """A draft of the app in a folder, with its first setup alone, as written."""
    given = Given(folder=folder, health=health)
    service = inspect(candidates(folder), OURS, folder, {})
    draft = project.make_draft(service, given, OURS)
    draft = replace(draft, setups=draft.setups[:1])
    project.write(draft, folder)
    return draft, given


def names(draft: Draft) -> list[str]:
    return [each.name for each in draft.scenarios]


@pytest.mark.parametrize("name", ["bench.toml", "bench_scenarios.py"])
def test_a_file_that_is_there_stays(tmp_path: Path, name: str) -> None:
    project.check_nothing_in_the_way(lay_out(tmp_path, {"pyproject.toml": "[tool.other]\n"}))
    lay_out(tmp_path, {name: "mine"})
    with pytest.raises(UsageError, match=name):
        project.check_nothing_in_the_way(tmp_path)


def test_a_configuration_in_pyproject_counts_as_one(tmp_path: Path) -> None:
    lay_out(tmp_path, {"pyproject.toml": "[tool.fastapi-bench.service]\napp = 'a:b'\n"})
    with pytest.raises(UsageError, match="pyproject"):
        project.check_nothing_in_the_way(tmp_path)


def test_a_service_without_a_server_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"python -m pip install uvicorn"):
        project.make_draft(inspection(packages={}), Given(folder=tmp_path), Path("/srv/python"))


def test_an_app_of_the_name_of_ours_is_refused_as_it_would_not_be_served(tmp_path: Path) -> None:
    lay_out(tmp_path, {"src/target_app/main.py": ""})
    found = replace(inspection(app_dir="src"), app="target_app.main:app")
    with pytest.raises(UsageError, match="rename the package"):
        project.make_draft(found, Given(folder=tmp_path), OURS)
    assert project.make_draft(found, Given(folder=HOME), OURS).service == found


def test_what_lies_in_the_folder_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path, {"pyproject.toml": '[project]\nname = "my-shop"\n', "alembic.ini": "", ".env": ""})
    draft = project.make_draft(inspection(), Given(folder=tmp_path), OURS)
    assert (draft.name, draft.carry) == ("my-shop", (".env",))
    assert draft.prepare == ("python", "-m", "alembic", "upgrade", "head")
    plain = project.make_draft(
        inspection(), Given(folder=lay_out(tmp_path / "plain", {"manage.py": ""})), OURS
    )
    assert (plain.name, plain.carry, plain.prepare) == ("plain", (), ("python", "manage.py", "migrate"))


def test_mounted_apps_are_called_with_their_prefix(tmp_path: Path) -> None:
    draft, given = first_draft(lay_out(tmp_path, {"main.py": MODULE}))
    draft = project.rehearse(draft, given, lambda _: None)
    assert names(draft) == ["get-root", "get-sub-ping", "get-old-version"]
    assert {each.name: each.content_type for each in draft.scenarios}["get-old-version"] == "text/plain"
    project.write(draft, tmp_path)
    assert project.smoke_test(draft, tmp_path, lambda _: None) == draft


def test_routes_of_starlette_are_called_with_values_of_their_kind(tmp_path: Path) -> None:
    draft, given = first_draft(lay_out(tmp_path, {"asgi.py": STARLETTE}))
    draft = project.rehearse(draft, given, lambda _: None)
    assert [(each.target, each.expect) for each in draft.scenarios] == [("/square/1", 200)]
    assert draft.health == "/square/1"


def test_an_app_without_any_operation_is_called_at_its_health_path(tmp_path: Path) -> None:
    draft, given = first_draft(lay_out(tmp_path, {"app.py": NO_OPERATION}))
    draft = project.rehearse(draft, given, lambda _: None)
    assert (names(draft), draft.health) == (["health"], "/health")


def test_a_setup_that_does_not_start_is_left_out(tmp_path: Path) -> None:
    draft, given = first_draft(lay_out(tmp_path, {"main.py": MODULE}))
    broken = replace(draft.setups[0], name="broken", keys={"server": "command", "command": "no-such-program"})
    draft = replace(draft, setups=(*draft.setups, broken))
    text = (tmp_path / "bench.toml").read_text()
    (tmp_path / "bench.toml").write_text(
        text + '[setups.broken]\nserver = "command"\ncommand = ["no-such-program"]\n'
    )
    draft = project.rehearse(draft, given, lambda _: None)
    assert [each.name for each in draft.usable] == ["uvicorn"]
    assert "no-such-program" in draft.setups[1].reason


def test_a_scenario_that_fails_in_the_smoke_test_becomes_a_stub(tmp_path: Path) -> None:
    draft, _ = first_draft(lay_out(tmp_path, {"main.py": MODULE}))
    wrong = tuple(replace(each, expect=404 if each.path == "/sub/ping" else 200) for each in draft.operations)
    draft = replace(draft, operations=wrong, health="/")
    project.write(draft, tmp_path)
    tried = project.smoke_test(draft, tmp_path, lambda _: None)
    assert [each.path for each in tried.stubs] == ["/sub/ping"]
    assert "status-200" in tried.stubs[0].reason


def test_a_health_path_that_does_not_answer_200_ends_it(tmp_path: Path) -> None:
    draft, given = first_draft(lay_out(tmp_path, {"main.py": MODULE}), health="/nowhere")
    with pytest.raises(ServerError, match="/nowhere"):
        project.rehearse(draft, given, lambda _: None)


def test_both_files_can_be_removed_again(tmp_path: Path) -> None:
    first_draft(lay_out(tmp_path, {"main.py": MODULE}))
    assert tomllib.loads((tmp_path / "bench.toml").read_text())
    project.remove(tmp_path)
    project.remove(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} <= {"main.py", "__pycache__"}
