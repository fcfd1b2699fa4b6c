"""Names on a command line, looked up and checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.cli._lookup import (
    check_known,
    choose_folder,
    configure,
    find_setup,
    find_tagged,
    load_scenarios,
    own_scenarios,
    service_notes,
    service_scenarios,
    usual_scenarios,
)
from bench.errors import UsageError
from bench.model.plan import Setup
from scenarios import SCENARIOS


def test_names_that_exist_pass_and_the_first_that_does_not_is_named() -> None:
    check_known("colour", ["red", "blue"], {"blue", "red"})
    check_known("colour", [], set())
    with pytest.raises(UsageError, match="unknown colour 'rad'; did you mean 'red'"):
        check_known("colour", ["blue", "rad", "bleu"], {"blue", "red"})


def test_setups_and_scenarios_of_a_file_stand_beside_ours(folder: Path) -> None:
    mine = configure(setups=folder / "setups.toml")
    assert find_setup("plain", mine).about == "a server of my own"
    assert find_setup("uvicorn", mine).server == find_setup(None, mine).server == "uvicorn"
    assert {"front-page", "noop-async"} <= set(load_scenarios(folder / "my_scenarios.py"))
    with pytest.raises(UsageError, match="unknown setup 'plain'"):
        find_setup("plain", configure())


def test_a_project_is_found_from_the_current_folder_and_named_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bench.toml").write_text(
        'scenarios = "my_scenarios.py"\n[setups.mine]\nextends = "granian-1"\n'
    )
    monkeypatch.chdir(folder)
    found = configure()
    assert capsys.readouterr().err == "configuration: bench.toml\n"
    assert (found.scenarios_file, find_setup(None, found).name) == (Path("my_scenarios.py"), "mine")
    assert service_scenarios(found) == own_scenarios(Path("my_scenarios.py"))
    assert "noop-async" not in service_scenarios(found)
    assert own_scenarios(None) == ()
    with pytest.raises(UsageError, match=r"nowhere\.py: there is no such file"):
        own_scenarios(Path("nowhere.py"))


def test_scenarios_are_found_by_their_tags(folder: Path) -> None:
    mine = configure(scenarios=folder / "my_scenarios.py")
    assert find_tagged((), mine) == ()
    assert find_tagged(("quick",), mine) == find_tagged(("quick", "pages"), mine) == ("front-page",)
    with pytest.raises(UsageError, match="unknown tag 'quack'; did you mean 'quick'"):
        find_tagged(("quick", "quack"), mine)
    with pytest.raises(UsageError, match="no scenario has a tag"):
        find_tagged(("quick",), configure())


def test_a_run_goes_where_the_user_says_else_into_a_folder_of_its_time_and_name() -> None:
    assert choose_folder(Path("mine"), "smoke") == Path("mine")
    assert re.fullmatch(r"reports/\d{8}-\d{6}-smoke", str(choose_folder(None, "smoke")))


def test_a_gate_names_the_service_that_it_judges(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    mine = Setup("b", "uvicorn", app="shop:app")
    assert service_notes(configure(), Setup("a", "uvicorn")) == ()
    (folder / "pyproject.toml").write_text('[project]\nname = "the-shop"\n')
    assert service_notes(configure(), mine) == ("Service: the-shop.",)
    (folder / "bench.toml").write_text('[service]\nname = "cart"\napp = "shop:app"\n')
    assert service_notes(configure(), mine) == ("Service: cart.",)


def test_without_a_name_it_is_the_users_scenarios_and_the_demos_are_for_the_demo(folder: Path) -> None:
    mine = configure(scenarios=folder / "my_scenarios.py")
    demo, service = Setup("a", "uvicorn"), Setup("b", "uvicorn", app="shop:app")
    assert (
        usual_scenarios(mine, demo)
        == usual_scenarios(mine, service)
        == own_scenarios(folder / "my_scenarios.py")
    )
    assert usual_scenarios(configure(), demo, ["noop-async"]) == ("noop-async",)
    assert set(usual_scenarios(configure(), demo)) == set(SCENARIOS)
    with pytest.raises(UsageError, match="--scenarios"):
        usual_scenarios(configure(), service)
