from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.engines.launch import ENGINES, check_load
from bench.errors import UsageError
from bench.model.plan import Setup
from bench.plan.config import check_names, load_plans, load_setups
from bench.plan.configuration import Configuration
from bench.plan.order import cells
from bench.plan.project import find_project
from bench.plan.service_plans import NAMES
from scenarios import SCENARIOS

SERVICE = '[service]\napp = "shop.main:make()"\nhealth = "/healthz"\nenv = { MODE = "load", N = 1 }\n'
SERVERS = {
    *("uvicorn", "uvicorn-uvloop-h11", "uvicorn-asyncio-httptools", "uvicorn-asyncio-h11", "uvicorn-2"),
    *("uvicorn-4", "gunicorn-1", "gunicorn-2", "gunicorn-4", "gunicorn-asgi-2"),
    *("granian-1", "granian-1-http2", "granian-2", "hypercorn-1", "hypercorn-1-http2"),
}
"""The shipped setups that differ by their server alone, not by a feature of the demo."""


def configuration(folder: Path, text: str | None, **options: Any) -> Configuration:
    """The configuration of a folder whose bench.toml has this text; None for a folder without one."""
    (folder / ".git").mkdir(exist_ok=True)
    if text is not None:
        (folder / "bench.toml").write_text(text)
    return Configuration(project=find_project(folder), **options)


def place_of_own(folder: Path, module: str) -> None:
    """A module of a service, by a path such as `src/target_app/main.py`."""
    (folder / module).parent.mkdir(parents=True, exist_ok=True)
    (folder / module).touch()


# --- setups --------------------------------------------------------------------------------------


def test_without_files_and_options_everything_is_as_shipped(tmp_path: Path) -> None:
    plain = configuration(tmp_path, None)
    assert plain.setups() == load_setups()
    assert plain.plans(()) == load_plans()
    assert plain.setup(None) == load_setups()["uvicorn"]
    assert (plain.has_service, plain.scenarios_file) == (False, None)


def test_a_service_is_served_by_the_shipped_servers_without_the_demos_environment(tmp_path: Path) -> None:
    setups = configuration(tmp_path, SERVICE).setups()
    shipped = load_setups()
    assert set(setups) == {*SERVERS, "anchor"}
    assert setups["anchor"] == shipped["anchor"]
    for name in SERVERS:
        served, ours = setups[name], shipped[name]
        assert (served.app, served.health) == ("shop.main:make()", "/healthz")
        assert served.env == {"MODE": "load", "N": "1"}
        kind = (ours.server, ours.workers, ours.loop, ours.http, ours.worker, ours.about)
        assert (served.server, served.workers, served.loop, served.http, served.worker, served.about) == kind


def test_own_setups_stand_on_the_service_and_what_they_extend_on_it_too(tmp_path: Path) -> None:
    text = SERVICE + (
        '[setups.plain]\nserver = "hypercorn"\nhttp = "h11"\nenv = { N = 2 }\n'
        '[setups.four]\nextends = "uvicorn-4"\nhealth = "/up"\n'
        '[setups.database]\nextends = "uvicorn-postgres"\nenv = { DB = "{postgres}" }\n'
        '[setups.other]\nextends = "four"\napp = "other:app"\nenv = { MODE = "other" }\n'
    )
    setups = configuration(tmp_path, text).setups()
    env = {"MODE": "load", "N": "1"}
    assert setups["plain"] == Setup(
        "plain",
        "hypercorn",
        http="h11",
        app="shop.main:make()",
        health="/healthz",
        env={"MODE": "load", "N": "2"},
    )
    four = setups["four"]
    assert (four.workers, four.app, four.health, four.env) == (4, "shop.main:make()", "/up", env)
    database = setups["database"]
    assert (database.services, database.env) == (("postgres",), {**env, "DB": "{postgres}"})
    assert (setups["other"].app, setups["other"].env) == ("other:app", {"MODE": "other", "N": "1"})
    assert setups["uvicorn-4"].health == "/healthz"


def test_a_setups_file_that_an_option_names_goes_before_the_projects(tmp_path: Path) -> None:
    file = tmp_path / "more.toml"
    file.write_text('[mine]\nextends = "mine"\nworkers = 3\n[new]\nextends = "mine"\nhttp = "h11"\n')
    text = (
        SERVICE
        + '[setups.mine]\nextends = "uvicorn-2"\nlifespan = "off"\n[setups.last]\nserver = "granian"\n'
    )
    both = configuration(tmp_path, text, setups_file=file)
    setups = both.setups()
    assert (setups["mine"].workers, setups["mine"].lifespan, setups["mine"].app) == (
        3,
        "off",
        "shop.main:make()",
    )
    assert (setups["new"].http, setups["new"].workers, setups["new"].env["MODE"]) == ("h11", 3, "load")
    assert both.setup(None).name == "mine"  # the first of the project's


def test_the_demos_environment_is_not_for_another_app(tmp_path: Path) -> None:
    """Also without a service: a setup that extends ours and names an app of its own."""
    text = (
        '[setups.mine]\nextends = "uvicorn"\napp = "shop:app"\nenv = { A = 1 }\n'
        '[setups.child]\nextends = "mine"\n'
        '[setups.demo]\nextends = "uvicorn"\nenv = { A = 1 }\n'
    )
    setups = configuration(tmp_path, text).setups()
    assert setups["mine"].env == setups["child"].env == {"A": "1"}
    assert setups["demo"].env == {**load_setups()["uvicorn"].env, "A": "1"}
    assert setups["uvicorn"] == load_setups()["uvicorn"]


def test_what_options_give_wins_over_every_file(tmp_path: Path) -> None:
    text = (
        SERVICE
        + '[setups.mine]\nserver = "uvicorn"\napp = "mine:app"\nhealth = "/up"\nenv = { N = 2, M = 2 }\n'
    )
    given = {
        "app": "given:app",
        "health": "/given",
        "env": {"N": "3"},
        "python": "3.13",
        "ready_within_s": 90.0,
    }
    setups = configuration(tmp_path, text, given=given).setups()
    mine, served = setups["mine"], setups["granian-1"]
    assert (mine.app, mine.health, mine.python, mine.ready_within_s) == ("given:app", "/given", "3.13", 90.0)
    assert mine.env == {"MODE": "load", "N": "3", "M": "2"}
    assert (served.app, served.health, served.env) == ("given:app", "/given", {"MODE": "load", "N": "3"})
    assert setups["anchor"] == load_setups()["anchor"]


def test_an_app_by_option_alone_is_served_by_the_shipped_servers(tmp_path: Path) -> None:
    setups = configuration(tmp_path, None, given={"app": "shop:app"}).setups()
    assert set(setups) == {*SERVERS, "anchor"}
    assert (setups["gunicorn-2"].app, setups["gunicorn-2"].env) == ("shop:app", {})


def test_options_without_an_app_change_the_demo_and_nothing_else(tmp_path: Path) -> None:
    setups, shipped = configuration(tmp_path, None, given={"env": {"APP_X": "1"}}).setups(), load_setups()
    assert setups["uvicorn-auth"].env == {**shipped["uvicorn-auth"].env, "APP_X": "1"}
    assert {name for name in shipped if setups[name] == shipped[name]} == {
        "anchor",
        "node-http",
        "go-net-http",
    }


NAMESAKES = {
    "service": ("target_app/main.py", '[service]\napp = "target_app.main:app"\n'),
    "factory": ("target_app/main.py", '[service]\napp = "target_app.main:create_app()"\n'),
    "app-dir": ("src/target_app/main.py", '[service]\napp = "target_app.main:app"\napp_dir = "src"\n'),
    "cwd": ("backend/target_app/main.py", '[service]\napp = "target_app.main:app"\ncwd = "backend"\n'),
    "file": ("target_app.py", '[service]\napp = "target_app:app"\n'),
    "path": (
        "lib/target_app/main.py",
        '[service]\napp = "target_app.main:app"\nenv = { PYTHONPATH = "lib" }\n',
    ),
    "setup": ("target_app/main.py", '[setups.mine]\nserver = "granian"\napp = "target_app.main:app"\n'),
    "beneath": (
        "backend/target_app/main.py",
        '[service]\ncwd = "backend"\n[setups.mine]\nserver = "granian"\napp = "target_app.main:app"\n',
    ),
    "installed": ("readme.md", '[service]\napp = "target_app.api:app"\n'),
    "bare": ("bench/machine/api.py", '[service]\napp = "bench.machine.api:app"\n'),
}


@pytest.mark.parametrize(("module", "text"), NAMESAKES.values(), ids=NAMESAKES)
def test_an_app_that_ours_would_stand_in_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, text: str
) -> None:
    """Ours would be measured under its name."""
    place_of_own(tmp_path, module)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"bench\.toml: \[.*\] app: .* rename the package"):
        configuration(tmp_path, text).setups()


def test_an_app_of_an_option_that_ours_would_stand_in_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_of_own(tmp_path, "target_app/main.py")
    monkeypatch.chdir(tmp_path)
    given = {"app": "target_app.main:create_app()"}
    for text in (None, SERVICE):
        with pytest.raises(UsageError, match=r"--app: .* rename the package"):
            configuration(tmp_path, text, given=given).setups()
    assert configuration(tmp_path, SERVICE).setups()["uvicorn"].app == "shop.main:make()"


def test_where_nobody_names_it_the_demo_and_the_anchor_are_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("target_app/main.py", "bench/machine/bare_app.py"):
        place_of_own(tmp_path, module)
    monkeypatch.chdir(tmp_path)
    assert configuration(tmp_path, None).setups() == load_setups()
    command = '[setups.mine]\nserver = "command"\napp = "target_app.main:app"\ncommand = ["python", "x.py"]\n'
    extended = '[setups.empty]\nextends = "anchor"\n'
    assert {"mine", "empty", "anchor"} <= configuration(tmp_path, command + extended).setups().keys()


def test_the_name_of_the_service_is_the_files_and_not_that_of_another_app(tmp_path: Path) -> None:
    text = f'{SERVICE}name = "shop"\n'
    assert configuration(tmp_path, text).service_name == "shop"
    assert configuration(tmp_path, text, given={"app": "cart:app"}).service_name == ""
    assert configuration(tmp_path, SERVICE).service_name == ""


def test_the_demo_can_still_be_had_in_the_folder_of_a_service(tmp_path: Path) -> None:
    demo = configuration(tmp_path, SERVICE, given={"app": "target_app.main:create_app()"})
    assert demo.setups() == load_setups()
    assert demo.plans(()) == load_plans()


def test_an_app_is_not_for_a_command_of_ones_own(tmp_path: Path) -> None:
    text = '[setups.node]\nserver = "command"\ncommand = ["node", "server.js", "{port}"]\n'
    assert configuration(tmp_path, text).setup("node").command[0] == "node"
    with pytest.raises(UsageError, match="setup 'node' starts a command of its own"):
        configuration(tmp_path, text, given={"app": "shop:app"}).setup("node")


SETUP_MISTAKES = {
    "key": (
        '[setups.a]\nserver = "uvicorn"\nwokers = 2',
        "bench.toml: [setups.a]: unknown key 'wokers'; did you",
    ),
    "type": ('[setups.a]\nserver = "uvicorn"\nworkers = "x"', "bench.toml: [setups.a] workers: "),
    "server": ("[setups.a]\nworkers = 2", "bench.toml: [setups.a]: has no server"),
    "base": (
        '[setups.a]\nextends = "uvicron"',
        "bench.toml: [setups.a] extends: unknown setup 'uvicron'; did you",
    ),
    "ring": ('[setups.a]\nextends = "a"', "bench.toml: [setups.a] extends itself: a -> a"),
    "env-file": (
        '[setups.a]\nserver = "uvicorn"\nenv_file = "no.env"',
        "bench.toml: [setups.a] env_file: ",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), SETUP_MISTAKES.values(), ids=SETUP_MISTAKES.keys())
def test_a_mistake_in_a_setup_names_file_table_and_key(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        configuration(tmp_path, text).setups()
    assert str(caught.value).startswith(sentence)


def test_a_setup_that_does_not_exist_gets_a_guess(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown setup 'hypercorn'; did you mean 'hypercorn-1'"):
        configuration(tmp_path, SERVICE).setup("hypercorn")


# --- scenarios and plans -------------------------------------------------------------------------


def test_a_file_of_scenarios_by_option_goes_before_the_projects(tmp_path: Path) -> None:
    text = 'scenarios = "mine.py"\n' + SERVICE
    with pytest.raises(UsageError, match=r"bench\.toml: scenarios: mine\.py: there is no such file"):
        _ = configuration(tmp_path, text).scenarios_file
    other = Path("other.py")
    assert configuration(tmp_path, text, named_scenarios=other).scenarios_file == other


def test_a_service_has_plans_of_its_own_which_measure_all_its_scenarios(tmp_path: Path) -> None:
    mine = configuration(tmp_path, SERVICE)
    plans = mine.plans(("front", "search"))
    assert tuple(plans) == NAMES
    here = cells(plans["default"])
    assert {cell.setup for cell in here} == {"uvicorn", "granian-1", "gunicorn-1", "hypercorn-1"}
    assert {cell.scenario for cell in here} == {"front", "search"}
    assert len({cell.repeat for cell in here}) >= 4, "fewer rounds carry no interval to speak of"
    assert {cell.setup for cell in cells(plans["smoke"])} == {"uvicorn"}
    assert {cell.setup for cell in cells(plans["history"])} == {"uvicorn", "anchor"}
    for plan in plans.values():
        assert plan.minutes is not None
        assert plan.minutes <= 4.5, "a report within five minutes"
        check_names(plan, mine.setups(), {*SCENARIOS, "front", "search"}, ENGINES)
        for cell in cells(plan):
            check_load(cell.engine, cell.load)


def test_the_plans_take_the_services_own_setups_where_it_has_some(tmp_path: Path) -> None:
    text = SERVICE + '[setups.b]\nextends = "uvicorn"\n[setups.a]\nextends = "granian-1"\n'
    plans = configuration(tmp_path, text).plans(("front",))
    assert {cell.setup for cell in cells(plans["default"])} == {"a", "b"}
    assert {cell.setup for cell in cells(plans["smoke"])} == {"b"}


def test_own_plans_win_and_those_of_an_option_win_over_them(tmp_path: Path) -> None:
    plan = 'about = "{}"\nsetups = ["uvicorn"]\nscenarios = ["front"]\nusers = [1]\n'
    text = f"{SERVICE}[plans.default]\n{plan.format('project')}[plans.night]\n{plan.format('project')}"
    (tmp_path / "plans.toml").write_text(f"[night]\n{plan.format('option')}")
    mine = configuration(tmp_path, text, plans_file=tmp_path / "plans.toml")
    about = {name: one.about for name, one in mine.plans(("front",)).items()}
    assert (about["default"], about["night"]) == ("project", "option")
    assert set(about) == {*NAMES, "night"}


@pytest.mark.parametrize(
    ("text", "scenarios", "name", "sentence"),
    [
        (SERVICE, (), "default", "you have no scenario of your own"),
        ("[service]\nname = 'shop'", ("front",), "default", "there is no app to serve"),
        (SERVICE, ("front",), "defualt", "unknown plan 'defualt'; did you mean 'default'"),
        (SERVICE, ("front",), "study", "unknown plan 'study'; there are: default, history, smoke"),
        ("[plans.a]\nsetups = 3", (), "a", "bench.toml: [plans.a] block 1"),
        ("[plans.a]\nblocks = []", (), "a", "bench.toml: [plans.a] blocks: write each as [[plans.a.blocks]]"),
    ],
    ids=["no-scenario", "no-app", "misspelt", "of-the-demo", "mistake", "blocks"],
)
def test_a_plan_that_cannot_be_had_gets_a_sentence(
    tmp_path: Path, text: str, scenarios: tuple[str, ...], name: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        configuration(tmp_path, text).plan(name, scenarios)
    assert str(caught.value).startswith(sentence)
