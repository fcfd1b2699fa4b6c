from __future__ import annotations

import pytest

from tests.tools.calibration.core_runs import core_run, said, standing
from tools.calibration.core_run import BurnPrice


def test_turns_that_make_a_request_dearer_by_a_share() -> None:
    price = BurnPrice(request_us=60.0, turn_us=0.01, commit="abc", machine="a machine")
    assert [price.turns(share) for share in (0.0, 0.03, 0.05, 0.10)] == [0, 180, 300, 600]


def test_standings_and_pairs_are_told_apart_by_their_base() -> None:
    run = core_run(standing("base", "best"), said("plus3", "worse"), said("plus5", "worse"))
    assert [one.head for one in run.standings] == ["base"]
    assert [one.head for one in run.pairs] == ["plus3", "plus5"]


def test_half_of_an_interval_and_the_time_outside_of_slices() -> None:
    assert said("plus3", "worse", 1.03, reach=0.02).half_width == pytest.approx(0.02)
    assert core_run(took_s=80, sliced_s=60).outside_share == pytest.approx(0.25)
