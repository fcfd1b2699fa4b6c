from __future__ import annotations

from bench.results.study.shipped import NOTHING_ASYNC, NOTHING_SYNC, THREADED, WAITS_S, WORK, work_of
from scenarios import SCENARIOS

GROUPS = {scenario.group for scenario in SCENARIOS.values()}


def test_every_name_is_that_of_a_scenario_or_a_group_that_there_is() -> None:
    assert {NOTHING_ASYNC, NOTHING_SYNC, THREADED} <= SCENARIOS.keys()
    assert WORK.keys() <= GROUPS
    assert WAITS_S.keys() <= GROUPS


def test_a_group_without_words_is_called_by_its_name() -> None:
    assert (work_of("io"), work_of("mine")) == ("I/O of 10 ms", "mine")
