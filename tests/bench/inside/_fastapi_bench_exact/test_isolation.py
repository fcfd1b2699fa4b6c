"""An app and a user's scenarios in one process: what each of them sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import ServerError
from bench.serve.interpreter import find_interpreter
from tests.bench.inside._fastapi_bench_exact.versions import APP, SCENARIOS, Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_an_app_finds_its_own_version_of_what_a_scenario_imports(folders: Folders) -> None:
    """And a scenario the one beside it, at once or late."""
    late = SCENARIOS.replace("    yield", "    import late\n    yield").replace("EXPECTED", "late.EXPECTED")
    folders.write(
        {
            "user/mine.py": "import shared\nassert shared.OF == 'user'\n" + late,
            "user/shared.py": "OF = 'user'",
            "user/late.py": "import shared\nEXPECTED = 'app has base'",
            "base/my_app.py": APP + "import shared\nSAYS = lambda: f'app has {shared.OF}'",
            "base/shared.py": "OF = 'base'",
        }
    )
    assert folders.asked(folders.job("base")) == (0, "")


def test_what_only_a_scenario_has_the_app_has_not(folders: Folders) -> None:
    """A base does not find the module that the head has added next to the user's scenarios."""
    says = "\ndef SAYS():\n    try:\n        import fast\n    except ImportError:\n        return 'slow'\n"
    folders.write(
        {
            "user/mine.py": "EXPECTED = 'slow'\nimport fast\n" + SCENARIOS,
            "user/fast.py": "",
            "base/my_app.py": APP + says,
        }
    )
    assert folders.asked(folders.job("base")) == (0, "")


def test_scenarios_read_files_where_the_user_is_and_apps_in_their_tree(folders: Folders) -> None:
    late = SCENARIOS.replace("    yield", "    EXPECTED = open('late.py').read()\n    yield")
    folders.write(
        {
            "user/mine.py": "open('now.py').close()\n" + late,
            "user/now.py": "",
            "user/late.py": "the base's",
            "base/my_app.py": APP + "SAYS = lambda: open('page.py').read()",
            "base/page.py": "the base's",
        }
    )
    assert folders.asked(folders.job("base")) == (0, "")


def test_an_app_that_goes_elsewhere_stays_there(folders: Folders) -> None:
    folders.write(
        {
            "user/mine.py": "EXPECTED = 'at /.'\n" + SCENARIOS,
            "base/my_app.py": APP + "SAYS = lambda: f'at {os.getcwd()}.'\nos.chdir('/')",
        }
    )
    assert folders.asked(folders.job("base")) == (0, "")


@pytest.mark.parametrize("name", ["bench", "scenarios", "target_app"])
def test_an_app_may_have_a_package_that_is_called_like_ours(folders: Folders, name: str) -> None:
    """At once or late; the scenarios find ours before and after."""
    late = "    from scenarios.model import Request as Later\n    yield Later('GET', '/')\n\nSCENARIOS ="
    folders.write(
        {
            "user/mine.py": "EXPECTED = 'the base has its own'\n" + SCENARIOS.replace("\nSCENARIOS =", late),
            f"user/{name}/__init__.py": "raise RuntimeError('of the user')",
            "base/my_app.py": APP
            + f"import {name}\ndef SAYS():\n    from {name}.model import SAYS\n    return SAYS()",
            f"base/{name}/__init__.py": "",
            f"base/{name}/model.py": "SAYS = lambda: 'the base has its own'",
        }
    )
    assert folders.asked(folders.job("base")) == (0, "")


def test_an_app_sees_no_module_of_the_harness(folders: Folders) -> None:
    names = "{name.partition('.')[0] for name in sys.modules} & {'bench', 'scenarios', 'target_app', 'numpy'}"
    folders.write(
        {
            "user/mine.py": "EXPECTED = 'set()'\n" + SCENARIOS,
            "base/my_app.py": APP + f"HERE = {names}\nSAYS = lambda: str(HERE | {names})",
        }
    )
    assert folders.asked(folders.job("base")) == (0, "")


def test_a_module_of_the_app_does_not_hide_one_of_pythons_own_from_us(folders: Folders) -> None:
    folders.write(
        {
            "user/mine.py": "EXPECTED = 'fine'\n" + SCENARIOS,
            "base/my_app.py": APP + "SAYS = lambda: 'fine'",
            "base/dataclasses.py": "raise RuntimeError('of the app')",
        }
    )
    status, said = folders.asked(folders.job("base"))
    assert (status, said) == (0, "")


JOURNEY = """
from pathlib import Path
from scenarios.data import Rows
from scenarios.forms import Upload, upload_request
from scenarios.mix import Mix
from scenarios.model import Pause, Request, Scenario, contains
from scenarios.unique import unique

people = Rows("people.csv")

def log_in(rng):
    yield Request("GET", "/login")
    return people.once(rng)["name"]

def visit(rng, name):
    yield Pause(30)
    yield upload_request("POST", "/", {"a": Upload(name, unique().encode())}, check=contains(b"fine"))

SCENARIOS = {"says": Scenario("says", Mix((1, visit)), on_start=log_in, prepare=log_in)}
"""


@pytest.mark.parametrize("version", ["3.9", "3.11"])
def test_a_journey_runs_without_its_pauses(folders: Folders, version: str) -> None:
    try:
        python = find_interpreter(version, folders.folder).path
    except ServerError:
        pytest.skip(f"this machine has no Python {version}")
    folders.write(
        {
            "user/mine.py": JOURNEY,
            "user/people.csv": "name\nada\nbob\ncyd\n" + "dan\n" * 9,
            "base/my_app.py": APP + "SAYS = lambda: 'fine'",
        }
    )
    job = folders.job("base")
    assert folders.asked(job, python) == (0, "")
    assert folders.traced(job, python) == (0, "")


@pytest.mark.parametrize(
    ("step", "sentence"),
    [("'/items'", "yield Request('GET', '/items')"), ("Request('GET', '/', 'body')", "body is text")],
)
def test_a_mistake_of_a_scenario_is_a_sentence(folders: Folders, step: str, sentence: str) -> None:
    mine = SCENARIOS.replace("    yield", f"    yield {step}\n    yield")
    folders.write({"user/mine.py": "EXPECTED = ''\n" + mine, "base/my_app.py": APP + "SAYS = lambda: ''"})
    status, said = folders.traced(folders.job("base"))
    assert status == 1
    assert "Traceback" not in said
    assert sentence in said
    assert "mine.py:6: " in said


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13", "3.14"])
def test_it_runs_in_other_pythons_that_have_none_of_our_packages(folders: Folders, version: str) -> None:
    try:
        python = find_interpreter(version, folders.folder).path
    except ServerError:
        pytest.skip(f"this machine has no Python {version}")
    turns = "def SAYS():\n    for _ in (None,) * 100:\n        pass\n    return 'fine'\n"
    folders.write(
        {"user/mine.py": "EXPECTED = 'fine'\n" + SCENARIOS, "base/my_app.py": APP + turns},
    )
    job = folders.job("base")
    assert folders.asked(job, python) == (0, "")
    assert folders.traced(job, python) == (0, "")
    assert folders.functions(job)["own"]["SAYS (my_app.py)"] > 300
