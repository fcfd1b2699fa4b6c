"""Servers compared with themselves, for real but for a very short time."""

from __future__ import annotations

import math

import pytest

from bench.gates.paired import noise
from bench.gates.paired.arms import Arm
from bench.gates.paired.noise import observe_long_turns
from bench.gates.paired.observation import log_ratios
from bench.machine.generators import RAW, SCENARIO
from bench.system.home import HOME
from bench.system.revisions import Tree
from scenarios import SCENARIOS


def test_long_turns_of_three_pairs_give_nine_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "_LONG_SLICE_S", 0.02)
    monkeypatch.setattr(noise, "_LONG_WARM_S", 0.01)
    arm = Arm("base", RAW, Tree(HOME, RAW.name, HOME))

    seen = observe_long_turns(arm, SCENARIOS[SCENARIO], seed=1)

    assert [len(one.turns) for one in seen] == [3, 3, 3]
    assert all(turn.base.requests == turn.head.requests >= 8 for one in seen for turn in one.turns)
    for metric in ("throughput", "cpu"):
        ratios = [ratio for one in seen for ratio in log_ratios(one.turns, metric)]
        assert len({*ratios}) == 9
        assert all(map(math.isfinite, ratios))
