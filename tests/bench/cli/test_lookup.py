"""Names on a command line, looked up and checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.cli._lookup import check_known, choose_folder, find_setup, load_scenarios
from bench.errors import UsageError


def test_names_that_exist_pass_and_the_first_that_does_not_is_named() -> None:
    check_known("colour", ["red", "blue"], {"blue", "red"})
    check_known("colour", [], set())
    with pytest.raises(UsageError, match="unknown colour 'rad'; did you mean 'red'"):
        check_known("colour", ["blue", "rad", "bleu"], {"blue", "red"})


def test_setups_and_scenarios_of_a_file_stand_beside_ours(folder: Path) -> None:
    assert find_setup("plain", folder / "setups.toml").about == "a server of my own"
    assert find_setup("uvicorn", folder / "setups.toml").server == "uvicorn"
    assert {"front-page", "noop-async"} <= set(load_scenarios(folder / "my_scenarios.py"))
    with pytest.raises(UsageError, match="unknown setup 'plain'"):
        find_setup("plain", None)


def test_a_run_goes_where_the_user_says_else_into_a_folder_of_its_time_and_name() -> None:
    assert choose_folder(Path("mine"), "smoke") == Path("mine")
    assert re.fullmatch(r"reports/\d{8}-\d{6}-smoke", str(choose_folder(None, "smoke")))
