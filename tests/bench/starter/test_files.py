"""The text of both files, read again by those who read it in use."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.plan.config import load_plans
from bench.starter.draft import Draft, draft_setups
from bench.starter.files import render_configuration, render_scenarios
from bench.starter.operations import Operation
from bench.starter.templating import toml
from scenarios.files import load
from scenarios.model import Request, Response, Scenario, requests_of
from tests.bench.starter.services import inspection

GET = Operation(
    name="get-items",
    method="GET",
    path="/items",
    target="/items?limit=5",
    about='List "items"',
    content_type="application/json",
)
POST = Operation(
    name="post-items",
    method="POST",
    path="/items/{item_id}",
    target="/items/1",
    has_json=True,
    json={
        "name": "an item whose name is so long that it needs a line",
        "tags": ["a", None, True],
        "price": 0.5,
    },
    expect=201,
    content_type="application/vnd.shop+json",
    headers=(("X-Shop", "1"),),
)
FORM = Operation(
    name="post-login", method="POST", path="/login", target="/login", form="name=a+b", expect=303
)
STUB = replace(POST, name="post-secret", reason="it needs\nauthentication")
DRAFT = Draft(
    name="shop",
    service=inspection(app_dir="src"),
    health="/healthz",
    setups=draft_setups(inspection()),
    operations=(GET, POST, FORM, STUB),
    is_tried=True,
)


def scenarios(draft: Draft, folder: Path) -> dict[str, Scenario]:
    path = folder / "bench_scenarios.py"
    path.write_text(render_scenarios(draft), encoding="utf-8")
    return load(path)


def request(scenario: Scenario) -> Request:
    return next(requests_of(scenario.flow(Random(0))))


def configuration(draft: Draft) -> dict[str, Any]:
    return tomllib.loads(render_configuration(draft))


@pytest.mark.parametrize("operations", [(GET,), (POST,), (FORM,), (GET, POST, FORM, STUB)])
def test_the_scenarios_are_those_that_can_be_called(
    tmp_path: Path, operations: tuple[Operation, ...]
) -> None:
    found = scenarios(replace(DRAFT, operations=operations), tmp_path)
    names = {each.name for each in operations if each.is_callable}
    assert names <= set(found)
    assert "post-secret" not in found
    assert {found[name].group for name in names} == names


def test_a_scenario_makes_the_request_and_looks_at_the_answer(tmp_path: Path) -> None:
    found = scenarios(DRAFT, tmp_path)
    read, write, form = (request(found[each.name]) for each in (GET, POST, FORM))
    assert (read.method, read.path, read.label, read.expect) == ("GET", "/items?limit=5", "GET /items", 200)
    assert read.fault(Response(200, b"", b"\r\ncontent-type: application/json; charset=utf-8")) is None
    assert read.fault(Response(200, b"", b"\r\nContent-Type: text/html")) == "wrong-body"
    assert (write.path, write.label, write.expect) == ("/items/1", "POST /items/{item_id}", 201)
    assert dict(write.headers) == {"Content-Type": "application/json", "X-Shop": "1"}
    assert (form.body, form.expect, form.check) == (b"name=a+b", 303, None)
    assert dict(form.headers) == {"Content-Type": "application/x-www-form-urlencoded"}
    assert found["get-items"].about == 'List "items"'


def test_a_stub_is_a_scenario_when_its_marks_are_taken_away(tmp_path: Path) -> None:
    text = render_scenarios(DRAFT)
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if "POST /items/{item_id}: it needs" in line)
    woken = [line.replace("# ", "", 1) if number > first else line for number, line in enumerate(lines)]
    (tmp_path / "bench_scenarios.py").write_text("\n".join(woken))
    woken_request = request(load(tmp_path / "bench_scenarios.py")["post-secret"])
    assert woken_request[:-1] == request(scenarios(DRAFT, tmp_path)["post-items"])[:-1]


def test_the_configuration_names_what_is_there() -> None:
    found = configuration(DRAFT)
    assert found["scenarios"] == "bench_scenarios.py"
    assert found["service"] == {
        "name": "shop",
        "app": "shop.main:app",
        "app_dir": "src",
        "health": "/healthz",
    }
    assert list(found["setups"]) == ["uvicorn", "uvicorn-2", "gunicorn", "granian", "hypercorn"]
    assert found["setups"]["uvicorn-2"]["workers"] == 2


def test_what_the_user_gave_stands_in_the_configuration() -> None:
    given = replace(
        DRAFT,
        python="3.13",
        env={"DATABASE_URL": "{postgres}", "A B": 'x"\\'},
        env_file=".env",
        ready_within_s=60.0,
        prepare=("alembic", "upgrade", "head"),
        carry=(".env",),
    )
    service = configuration(given)["service"]
    assert service["env"] == {"DATABASE_URL": "{postgres}", "A B": 'x"\\'}
    assert (service["python"], service["env_file"], service["ready_within_s"]) == ("3.13", ".env", 60.0)
    assert (service["services"], service["carry"]) == (["postgres"], [".env"])
    assert service["prepare"] == ["alembic", "upgrade", "head"]


def test_a_command_that_would_change_a_database_of_the_user_is_a_comment() -> None:
    text = render_configuration(replace(DRAFT, prepare=("alembic", "upgrade", "head")))
    assert '# prepare = ["alembic", "upgrade", "head"]' in text
    assert "prepare" not in tomllib.loads(text)["service"]


def test_a_setup_that_does_not_start_is_a_comment_and_in_no_plan() -> None:
    setups = (DRAFT.setups[0], replace(DRAFT.setups[1], reason="did not\nstart"))
    found = configuration(replace(DRAFT, setups=setups))
    assert list(found["setups"]) == ["uvicorn"]
    assert found["plans"]["default"]["blocks"][0]["setups"] == ["uvicorn"]


@pytest.mark.parametrize("count", [1, 2, 40])
def test_the_plans_can_be_read_and_measure_what_is_there(tmp_path: Path, count: int) -> None:
    many = tuple(replace(GET, name=f"get-{number}") for number in range(count))
    plans = configuration(replace(DRAFT, operations=many))["plans"]
    lines = [
        f"[{name}]\n" + "\n".join(f"{key} = {toml(value)}" for key, value in plan.items() if key != "blocks")
        for name, plan in plans.items()
    ]
    blocks = [
        f"[[{name}.blocks]]\n" + "\n".join(f"{key} = {toml(value)}" for key, value in block.items())
        for name, plan in plans.items()
        for block in plan.get("blocks", ())
    ]
    (tmp_path / "plans.toml").write_text("\n\n".join([lines[1], lines[0], *blocks]))
    found = load_plans(tmp_path / "plans.toml")
    measured = {name for block in found["default"].blocks for name in block.scenarios}
    assert measured <= {each.name for each in many}
    assert len(measured) == min(count, 12)
    assert found["smoke"].blocks[0].scenarios == tuple(each.name for each in many)
    assert found["default"].minutes is not None
    assert found["default"].minutes <= 4
