"""The verdicts of a run as data, from rounds whose ratios are known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bench.model.plan import Setup
from bench.model.record import Caveat, Record
from bench.results.findings.finding import Finding
from bench.results.verdicts import PairVerdict, Verdicts, verdicts
from tests.bench.builders import OPEN, realistic, record, results
from tests.bench.results.rounds import reach, three_rounds


def of(*records: tuple[Record, ...], setups: tuple[Setup, ...] = ()) -> Verdicts:
    return verdicts(results(*[one for some in records for one in some], setups=setups), ())


def pairs(found: Verdicts, kind: str, metric: str = "throughput") -> list[PairVerdict]:
    return [one for one in found.comparisons if (one.kind, one.metric) == (kind, metric)]


def brief(found: list[PairVerdict]) -> list[tuple[str, str, str]]:
    return [(one.base, one.head, one.verdict) for one in found]


# --- rankings and setups -------------------------------------------------------------------------


def test_setups_are_ranked_by_throughput_and_by_cpu_time() -> None:
    found = of(three_rounds("half", 50, 0.01, cpu_us=40.0), three_rounds("full", 100, cpu_us=80.0))
    assert [(one.scenario, one.engine, one.load, one.metric) for one in found.rankings] == [
        ("noop-async", "native", "32 users", "throughput"),
        ("noop-async", "native", "32 users", "cpu"),
    ]
    first, second = found.rankings[0].order
    assert (first.setup, first.ratio_to_best, first.low, first.high, first.verdict) == (
        "full",
        1,
        1,
        1,
        "best",
    )
    assert (second.setup, second.verdict) == ("half", "worse")
    assert (second.ratio_to_best, second.low, second.high) == (
        pytest.approx(0.5),
        pytest.approx(0.5 * math.exp(-reach(0.01)), rel=1e-4),
        pytest.approx(0.5 * math.exp(reach(0.01)), rel=1e-4),
    )
    assert [(one.setup, one.ratio_to_best, one.verdict) for one in found.rankings[1].order] == [
        ("half", 1, "best"),
        ("full", 2, "worse"),
    ]


def test_each_setup_is_compared_with_the_one_that_leads() -> None:
    found = of(three_rounds("a", 50), three_rounds("b", 100), three_rounds("c", 99.9, 0.0001))
    assert brief(pairs(found, "setup")) == [("b", "c", "same"), ("b", "a", "worse")]
    assert pairs(found, "setup")[-1].ratio == 0.5


def test_open_loads_are_ranked_by_p99() -> None:
    found = of(three_rounds("a", 400, load=OPEN, p99=4.0), three_rounds("b", 400, load=OPEN, p99=6.0))
    (pair,) = pairs(found, "setup", "p99")
    assert (pair.base, pair.head, pair.ratio, pair.verdict, pair.load) == ("a", "b", 1.5, "worse", OPEN.label)
    assert pairs(found, "setup") == []


def test_a_single_round_has_ratios_without_intervals() -> None:
    (pair,) = pairs(of((record("a", throughput=100),), (record("b", throughput=50),)), "setup")
    assert (pair.ratio, pair.low, pair.high, pair.verdict) == (0.5, None, None, "unresolved")


def test_an_invalid_cell_is_compared_with_nothing() -> None:
    found = of(three_rounds("a", 100), three_rounds("b", 50, valid=False))
    assert (found.comparisons, found.rankings) == ((), ())


def test_setups_are_ranked_over_all_scenarios_by_the_geometric_mean() -> None:
    """b serves 4 times the requests of a in one scenario and half of them in the other: 1.414 times."""
    found = of(
        three_rounds("a", 100),
        three_rounds("b", 400),
        three_rounds("a", 100, scenario="io-async"),
        three_rounds("b", 50, scenario="io-async"),
    )
    (ranking,) = [one for one in found.rankings if one.scenario is None]
    assert [(one.setup, one.verdict) for one in ranking.order] == [("b", "best"), ("a", "worse")]
    assert ranking.order[1].ratio_to_best == pytest.approx(1 / math.sqrt(2), rel=1e-5)
    (pair,) = [one for one in pairs(found, "setup") if one.scenario is None]
    assert (pair.base, pair.head, pair.ratio) == ("b", "a", ranking.order[1].ratio_to_best)


# --- variants ------------------------------------------------------------------------------------


def test_variants_are_compared_with_their_reference() -> None:
    found = of(
        three_rounds("u", 100, scenario="io-async", victim_p99=2.0, cpu_us=80.0),
        three_rounds("u", 50, scenario="io-sync", victim_p99=9.0, cpu_us=120.0),
        three_rounds("u", 1, scenario="io-misuse", victim_p99=900.0, caveats=(Caveat("victim-grows", ""),)),
    )
    assert brief(pairs(found, "variant")) == [
        ("io-async", "io-sync", "worse"),
        ("io-async", "io-misuse", "worse"),
    ]
    assert [one.ratio for one in pairs(found, "variant", "cpu")] == [1.5, 1.0]
    assert [(one.head, one.ratio, one.scenario) for one in pairs(found, "variant", "victim p99")] == [
        ("io-sync", 4.5, "io-sync")
    ]  # the other's grew with the length of the cell, so a ratio would say nothing


def test_variants_against_one_reference_have_wider_intervals_together() -> None:
    def interval(*scenarios: str) -> float:
        made = [three_rounds("u", 50, 0.01, scenario=name) for name in scenarios]
        found = pairs(of(three_rounds("u", 100, scenario="io-async"), *made), "variant")[0]
        assert found.low
        assert found.high
        return math.log(found.high / found.low) / 2

    assert interval("io-sync") == pytest.approx(reach(0.01), rel=1e-4)
    assert interval("io-sync", "io-misuse", "io-offload") > 1.3 * reach(0.01)


# --- setups that differ in one thing -------------------------------------------------------------


def test_setups_that_differ_in_one_setting_are_compared_with_the_plain_one() -> None:
    setups = (
        Setup("fast", "uvicorn"),
        Setup("plain-loop", "uvicorn", loop="asyncio"),
        Setup("plain-parser", "uvicorn", http="h11"),
        Setup("both-plain", "uvicorn", loop="asyncio", http="h11"),
    )
    found = of(*(three_rounds(one.name, 100 + at) for at, one in enumerate(setups)), setups=setups)
    assert [(one.base, one.head) for one in pairs(found, "setting")] == [
        ("plain-loop", "fast"),
        ("both-plain", "plain-parser"),
        ("plain-parser", "fast"),
        ("both-plain", "plain-loop"),
    ]
    assert len(pairs(found, "setting", "cpu")) == 4


def test_more_workers_are_compared_with_the_fewest() -> None:
    setups = (
        Setup("four", "uvicorn", workers=4),
        Setup("one", "uvicorn"),
        Setup("two", "uvicorn", workers=2),
    )
    found = of(three_rounds("one", 100), three_rounds("two", 190), three_rounds("four", 300), setups=setups)
    assert [(one.base, one.head, one.ratio) for one in pairs(found, "workers")] == [
        ("one", "four", 3.0),
        ("one", "two", 1.9),
    ]


def test_features_are_compared_with_the_setup_that_lacks_them() -> None:
    setups = (
        Setup("bare", "uvicorn"),
        Setup("logs", "uvicorn", env={"LOGS": "1"}),
        Setup("cache", "uvicorn", env={"CACHE": "1"}, services=("redis",)),
    )
    found = of(three_rounds("bare", 100), three_rounds("logs", 90), three_rounds("cache", 150), setups=setups)
    assert brief(pairs(found, "feature")) == [("bare", "logs", "worse"), ("bare", "cache", "better")]


def test_setups_that_differ_in_one_thing_are_compared_over_all_scenarios() -> None:
    setups = (Setup("one", "uvicorn"), Setup("two", "uvicorn", workers=2))
    made = [
        three_rounds(name, rps, scenario=scenario, rss=rss)
        for scenario, rates in (("noop-async", (100, 200)), ("io-async", (100, 800)))
        for name, rps, rss in zip(("one", "two"), rates, (10_000_000, 20_000_000), strict=True)
    ]
    found = of(*made, setups=setups)
    assert [(one.scenario, one.ratio) for one in pairs(found, "workers")] == [
        (None, 4.0),
        ("io-async", 8.0),
        ("noop-async", 2.0),
    ]
    assert [(one.scenario, one.ratio) for one in pairs(found, "workers", "memory")] == [(None, 2.0)]


# --- as a whole ----------------------------------------------------------------------------------


def test_findings_are_there_in_words_with_their_codes() -> None:
    one = Finding(topic="misuse", title="A title", text="A text.", figures=("1",), chart="twins")
    (words,) = verdicts(results(record()), (one,)).findings
    assert (words.code, words.title, words.text) == ("misuse", "A title", "A text.")


def test_the_order_of_records_does_not_matter() -> None:
    run = realistic()
    there = verdicts(results(*run.records), ())
    back = verdicts(results(*reversed(run.records)), ())
    assert there == back
    assert len({replace(one, ratio=0, low=0, high=0) for one in there.comparisons}) == len(there.comparisons)


def test_a_run_of_nothing_says_nothing() -> None:
    assert of() == Verdicts()
