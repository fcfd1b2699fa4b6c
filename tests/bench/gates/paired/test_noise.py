"""Made-up turns whose noise is known, and the arithmetic of what could be found."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest

from bench.gates.paired.design import FEWEST_TURNS, LOOKS, MOST_TURNS
from bench.gates.paired.noise import (
    autocorrelation,
    load_noise,
    parse_noise,
    process_sd,
    store_noise,
    turn_sd,
)
from bench.gates.paired.observation import ArmSlice, ArmSummary, Observation, Turn
from bench.gates.paired.power import mde
from bench.stats.signed_rank import attained_level
from tests.bench.gates.paired.noisy import NOISE

SUMMARY = ArmSummary(p50_ms=1.0, p99_ms=2.0, errors=0, requests=100)


def seen(logs: list[float]) -> Observation:
    """A pair whose turns have these log ratios."""
    turns = tuple(
        Turn(ArmSlice(100, 1_000_000, 1_000_000), ArmSlice(100, 1_000_000, round(1e6 * math.exp(log))))
        for log in logs
    )
    return Observation(turns, SUMMARY, SUMMARY)


def made_up(of_turn: float, of_process: float, pairs: int = 60, turns: int = 60) -> list[Observation]:
    rng = Random(5)
    pairs_own = [rng.gauss(0, of_process) for _ in range(pairs)]
    return [seen([own + rng.gauss(0, of_turn) for _ in range(turns)]) for own in pairs_own]


def test_turns_and_processes_are_told_apart() -> None:
    both = made_up(0.06, 0.02)
    assert turn_sd(both, "cpu") == pytest.approx(0.06, rel=0.05)
    assert process_sd(both, "cpu", 0.06) == pytest.approx(0.02, rel=0.25)


def test_processes_that_are_alike_differ_by_what_their_turns_do() -> None:
    assert process_sd(made_up(0.06, 0.0), "cpu", 0.06) < 0.005


def test_a_wild_turn_does_not_count() -> None:
    assert turn_sd([seen([0.0, 0.01, -0.01, 0.01, -0.01, 3.0])], "cpu") == pytest.approx(
        1.4826 * 0.01, rel=0.01
    )


def test_autocorrelation_by_hand() -> None:
    # Off the middle: 1, 1, -1, -1. Products of neighbours: 1 - 1 + 1 = 1, squares: 4.
    assert autocorrelation([seen([0.01, 0.01, -0.01, -0.01])], "cpu") == pytest.approx(0.25, rel=0.01)
    assert autocorrelation([seen([0.0, 0.0])], "cpu") == 0.0


def test_the_best_slice_is_the_one_that_was_measured_for_longer() -> None:
    # 0.10^2 x 10 ms, 0.06^2 x 20 ms, 0.05^2 x 80 ms: what a short look found cheaper elsewhere changes nothing later.
    assert [one.cost for one in NOISE.slices] == pytest.approx([1e-4, 7.2e-5, 2e-4])
    assert (NOISE.best.sessions, replace(NOISE, sessions=16).best.sessions) == (64, 16)


def test_what_a_comparison_finds_by_hand() -> None:
    # 120 s / 4 looks - 1.3 x 8 s of starting: 19.6 s; 85 % of them / 8 pairs / (1.44 x 20 ms) are 72.3 turns.
    assert NOISE.turns(120) == pytest.approx(72.3, abs=0.1)
    sd = math.sqrt(0.01**2 + math.pi / 2 * 0.06**2 / NOISE.turns(120))
    assert NOISE.mde(120) == pytest.approx(mde(sd, LOOKS * 8, 8))


def test_turns_are_as_bounded_as_in_a_comparison() -> None:
    assert (NOISE.turns(1), NOISE.turns(36_000)) == (FEWEST_TURNS, MOST_TURNS)


def test_no_change_is_found_and_confirmed_as_rarely_as_the_levels_say() -> None:
    assert NOISE.power(0.0, 120) == pytest.approx(attained_level(24, 0.0221 / 2) * attained_level(8, 0.05))


def test_more_time_finds_less() -> None:
    assert NOISE.mde(300) < NOISE.mde(120) < NOISE.mde(60)


def test_what_is_stored_is_found_again_on_this_machine(tmp_path: Path) -> None:
    store_noise(NOISE, tmp_path)
    assert load_noise(tmp_path) == NOISE
    assert parse_noise(asdict(NOISE)) == NOISE


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: text.replace('"cores": ', '"cores": 1'), id="another machine"),
        pytest.param(lambda text: text[:-20], id="cut off"),
        pytest.param(lambda text: text.replace("process_sd", "sd"), id="of another time"),
    ],
)
def test_what_is_not_of_this_machine_is_not_used(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    path = store_noise(replace(NOISE), tmp_path)
    path.write_text(spoil(path.read_text()))
    assert load_noise(tmp_path) is None
    assert load_noise(tmp_path / "nowhere") is None
