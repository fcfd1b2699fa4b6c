from __future__ import annotations

from pathlib import Path

import pytest

from bench.plan.config import load_setups
from scenarios import SCENARIOS
from tools.calibration.core_checks import ALIKE, CHECKS, NAMES, SHARES, command, setups_file
from tools.calibration.core_run import CheckName


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "setups.toml"
    path.write_text(text)
    return path


def test_six_names_for_the_same_setup(tmp_path: Path) -> None:
    setups = load_setups(written(tmp_path, setups_file(ALIKE, {})))
    fields = [
        (setup.server, setup.app, dict(setup.env), setup.loop)
        for setup in (setups["uvicorn"], *map(setups.__getitem__, ALIKE))
    ]
    assert len(ALIKE) == 6
    assert all(one == fields[0] for one in fields)


def test_setups_of_the_burning_app_differ_in_their_turns_alone(tmp_path: Path) -> None:
    turns = dict(zip(SHARES, (0, 180, 300, 600), strict=True))
    setups = load_setups(written(tmp_path, setups_file(tuple(SHARES), turns)))
    assert {name: setups[name].env["BURN_TURNS"] for name in SHARES} == {
        "base": "0",
        "plus3": "180",
        "plus5": "300",
        "plus10": "600",
    }
    assert {setups[name].app for name in SHARES} == {"tools.calibration.burning_app:app"}


def test_what_is_asked_of_bench_run() -> None:
    assert " ".join(command(CHECKS["core-same"], 6, 1.0)) == (
        "--setup s1 --setup s2 --setup s3 --setup s4 --setup s5 --setup s6 "
        "--scenario noop-async --users 32 --rounds 6 --minutes 1"
    )
    assert command(CHECKS["core-default"], None, None) == ["default"]
    assert command(CHECKS["core-default"], 2, 0.5) == ["default", "--rounds", "2", "--minutes", "0.5"]


@pytest.mark.parametrize("name", NAMES)
def test_checks_name_scenarios_that_exist_and_setups_with_a_share(name: CheckName) -> None:
    check = CHECKS[name]
    assert check.name == name
    assert check.scenario in SCENARIOS
    assert set(check.shares) <= set(check.setups)
