from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.model.change import Change
from tests.tools.calibration.core_runs import core_run, said, standing
from tests.tools.calibration.runs import row, trial
from tools.calibration.core_run import BurnPrice
from tools.calibration.gate_run import Price
from tools.calibration.ledger import Ledger, change


def test_what_is_written_is_read_again_after_each_run(tmp_path: Path) -> None:
    first = trial(row("noop-async", "inconclusive", 1.25, beside=True), spoiled=("noop-async",), status=3)
    second = trial(
        Change("x", "errors", "regressed", base=0, head=12, why=("status-500",)), gate="exact", seconds=None
    )
    ledger = Ledger(tmp_path / "deep" / "raw")
    assert (ledger.trials(), ledger.prices()) == ([], [])
    ledger.add(first)
    assert ledger.trials() == [first]
    ledger.add(second)
    assert Ledger(ledger.folder).trials() == [second, first]


def test_zeros_are_figures_and_are_kept(tmp_path: Path) -> None:
    said = replace(trial(Change("x", "errors", "no change", base=0.0, head=0.0), number=0), spoiled={"x": 0})
    Ledger(tmp_path).add(said)
    assert Ledger(tmp_path).trials() == [said]


def test_figures_keep_five_digits(tmp_path: Path) -> None:
    Ledger(tmp_path).add(trial(Change("x", "cpu", "no change", ratio=1.0123456789)))
    assert Ledger(tmp_path).trials()[0].rows[0].ratio == 1.0123


def test_a_row_of_another_version_is_read_as_far_as_it_is_known() -> None:
    said = {"name": "x", "metric": "cpu", "verdict": "no change", "ratio": 1.0, "shape": "unheard of"}
    assert change(said) == Change("x", "cpu", "no change", ratio=1.0)


def test_prices_are_read_again(tmp_path: Path) -> None:
    prices = [
        Price(
            gate="exact",
            scenario="noop-async",
            request=250_000.0,
            turn=25.0,
            commit="abc",
            machine="a machine",
            empty=300.0,
        ),
        Price(
            gate="paired",
            scenario="noop-async",
            request=120.0,
            turn=0.0125,
            commit="abc",
            machine="a machine",
            alone=0.011,
        ),
    ]
    Ledger(tmp_path).add_prices(prices)
    assert Ledger(tmp_path).prices() == prices


def test_a_line_that_is_cut_off_is_named(tmp_path: Path) -> None:
    Ledger(tmp_path).add(trial())
    with (tmp_path / "paired.jsonl").open("a") as file:
        file.write('{"gate": "pai')
    with pytest.raises(UsageError, match=r"paired\.jsonl, line 2"):
        Ledger(tmp_path).trials()


def test_runs_of_the_core_are_read_as_they_were_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    first = core_run(said("plus3", "worse", 1.03), standing("base", "best"), turns={"base": 0, "plus3": 180})
    failed = core_run(number=1, status=2, error="no luck", check="core-same")
    plain = core_run(check="core-default", rounds=None, minutes=None, invalid=("uvicorn",))
    for run in (first, failed, plain):
        ledger.add_core(run)
    assert Ledger(tmp_path).core_runs() == [failed, first, plain]
    assert ledger.trials() == []


def test_an_interval_without_end_is_kept(tmp_path: Path) -> None:
    run = core_run(said("plus3", "unresolved", reach=math.inf))
    Ledger(tmp_path).add_core(run)
    assert Ledger(tmp_path).core_runs() == [run]


def test_prices_of_the_burning_app_are_kept(tmp_path: Path) -> None:
    price = BurnPrice(request_us=60.5, turn_us=0.0075, commit="abc", machine="a machine", minutes=1.0)
    Ledger(tmp_path).add_burn_price(price)
    assert (Ledger(tmp_path).burn_prices(), Ledger(tmp_path).prices()) == ([price], [])
