"""A user's own file beside the scenarios that come along."""

from __future__ import annotations

import gc
from pathlib import Path
from random import Random

import pytest

from scenarios import SCENARIOS
from scenarios.files import ScenarioFileError, load
from scenarios.model import Response, drive, requests_of

FRONT_PAGE = """
from scenarios.model import Request, Scenario

PATH = "/"

def get(rng):
    yield Request("GET", PATH)

SCENARIOS = {"front-page": Scenario(name="front-page", flow=get)}
"""
OWN_NOOP = FRONT_PAGE.replace("front-page", "noop-async")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my scenarios.py"


def test_without_a_file_ours_are_there() -> None:
    loaded = load(None)
    assert loaded == SCENARIOS
    loaded.clear()
    assert load(None) == SCENARIOS


def test_own_scenario_stands_beside_ours_and_runs(file: Path) -> None:
    file.write_text(FRONT_PAGE)
    loaded = load(file)
    assert set(loaded) - set(SCENARIOS) == {"front-page"}
    gc.collect()  # the module of the file is gone by now; its functions still need its names
    exchanged = list(drive(loaded["front-page"].flow(Random(0)), lambda _request: Response(200, b"")))
    assert [request.label for request, _ in exchanged] == ["GET /"]


def test_own_scenario_wins_over_ours(file: Path) -> None:
    file.write_text(OWN_NOOP)
    loaded = load(file)
    assert loaded.keys() == SCENARIOS.keys()
    assert next(requests_of(loaded["noop-async"].flow(Random(0)))).path == "/"
    assert next(requests_of(SCENARIOS["noop-async"].flow(Random(0)))).path == "/bench/noop/async"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("SCENARIOS = {", "SyntaxError: '{' was never closed", id="no Python"),
        pytest.param(
            "import nowhere", ":1: ModuleNotFoundError: No module named 'nowhere'", id="missing module"
        ),
        pytest.param("1 / 0", "ZeroDivisionError: division by zero", id="failure"),
        pytest.param("raise SystemExit('bye')", "SystemExit: bye", id="leaves by itself"),
        pytest.param("x = '\0'", "null bytes", id="NUL"),
        pytest.param("", "defines no SCENARIOS table, such as SCENARIOS = {", id="empty"),
        pytest.param("SCENARIOS = {}", "defines no SCENARIOS table", id="empty table"),
        pytest.param("SCENARIOS = 'a'", "defines no SCENARIOS table", id="no table"),
        pytest.param("SCENARIOS = ['a']", "SCENARIOS is a list; make it a dict", id="a list"),
        pytest.param(
            FRONT_PAGE.replace("flow=get", "flow=get, tags='smoke'"),
            ":9: scenario 'front-page': tags is 'smoke'",
            id="tags that are one word",
        ),
        pytest.param(
            FRONT_PAGE.replace("def", "async def"),
            ":6: scenario 'front-page': its flow is an `async def`: write `def`",
            id="async flow",
        ),
        pytest.param(
            FRONT_PAGE.replace("(rng)", "()"),
            ":6: scenario 'front-page': its flow cannot be called with (rng)",
            id="flow without arguments",
        ),
        pytest.param(
            FRONT_PAGE.replace("flow=get", "flow=get(0)"),
            ":9: scenario 'front-page': its flow is a generator already",
            id="flow that is called",
        ),
        pytest.param(
            FRONT_PAGE.replace("flow=get", "flow=Request('GET', PATH)"),
            ":9: scenario 'front-page': its flow is a Request: give a function with `yield`, or Always(request)",
            id="request for a flow",
        ),
        pytest.param(
            FRONT_PAGE.replace("flow=get", "flow=get, on_start=get"),
            ":6: scenario 'front-page': its flow cannot be called with (rng, state)",
            id="flow that takes no state",
        ),
        pytest.param(
            FRONT_PAGE + "SCENARIOS |= {one.name: one for one in (Scenario('a', get),\n Scenario('a', get))}",
            ":11: scenario 'a' is there already, from line 10",
            id="two of a name",
        ),
        pytest.param(
            "SCENARIOS = {'a': print}", "SCENARIOS['a'] is not a scenarios.model.Scenario", id="no scenario"
        ),
        pytest.param(
            FRONT_PAGE.replace("{'front-page'", "{'home'").replace('{"front-page"', '{"home"'),
            "SCENARIOS['home'] calls itself 'front-page'; use one name",
            id="two names",
        ),
    ],
)
def test_bad_file_is_refused_in_one_sentence_that_names_it(file: Path, content: str, said: str) -> None:
    file.write_text(content)
    with pytest.raises(ScenarioFileError) as refusal:
        load(file)
    message = str(refusal.value)
    assert message.startswith(f"{file}:")
    assert said in message
    assert "\n" not in message


def test_a_copy_of_a_scenario_may_replace_it(file: Path) -> None:
    copy = "SCENARIOS = {'front-page': replace(SCENARIOS['front-page'], about='mine')}"
    file.write_text(f"from dataclasses import replace\n{FRONT_PAGE}{copy}")
    assert load(file)["front-page"].about == "mine"


def test_a_neighbours_scenario_may_be_replaced(file: Path) -> None:
    (file.parent / "our_shared_scenarios.py").write_text(FRONT_PAGE)
    file.write_text(f"import our_shared_scenarios\n{FRONT_PAGE}")
    assert "front-page" in load(file)


def test_what_a_file_prints_does_not_mix_with_what_a_command_answers(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"print('hello', end='')\n{FRONT_PAGE}")
    load(file)
    assert capfd.readouterr() == ("", "hello")


def test_missing_file_is_named(file: Path) -> None:
    with pytest.raises(ScenarioFileError, match=r"my scenarios\.py: there is no such file"):
        load(file)


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError, match="there is no such file"):
        load(tmp_path)


def test_file_missing_inside_the_file_is_another_error(file: Path) -> None:
    """`there is no such file` would send the user to look for the scenarios."""
    file.write_text("open('/nowhere/data.json')")
    with pytest.raises(ScenarioFileError, match=r"FileNotFoundError: .*'/nowhere/data.json'"):
        load(file)
