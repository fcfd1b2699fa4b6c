"""Made-up pairs whose verdict is known."""

from __future__ import annotations

import math
from random import Random

import pytest

from bench.gates.paired.design import ALPHA_LOOK
from bench.gates.paired.judging import (
    PairedEvidence,
    evidence,
    is_confirmed,
    judge,
    memory_evidence,
    pairs_to_decide,
    shift,
)
from bench.gates.paired.observation import ArmSlice, ArmSummary, Observation, Turn
from bench.model.change import Change


def made_up(
    change: float, sd: float = 0.01, pairs: int = 16, metric: str = "cpu", name: str = "noop", seed: int = 1
) -> PairedEvidence:
    """Pairs that differ by a share, with normal noise whose mean is taken out."""
    rng = Random(seed)
    noise = [rng.gauss(0, sd) for _ in range(pairs)]
    middle = sum(noise) / pairs
    return PairedEvidence(
        name=name,
        metric=metric,
        differences=tuple(math.log1p(change) + value - middle for value in noise),
        base=100.0,
        head=100.0 * (1 + change),
    )


@pytest.mark.parametrize(
    ("metric", "change", "verdict"),
    [
        pytest.param("cpu", 0.05, "regressed", id="more CPU"),
        pytest.param("cpu", -0.05, "improved", id="less CPU"),
        pytest.param("throughput", -0.05, "regressed", id="fewer requests"),
        pytest.param("throughput", 0.05, "improved", id="more requests"),
        pytest.param("p99", 0.30, "regressed", id="slower"),
        pytest.param("memory", 0.30, "regressed", id="more memory"),
        pytest.param("cpu", 0.0, "no change", id="nothing: proven within 2 %"),
        pytest.param("cpu", 0.005, "no change", id="evident, but small"),
        pytest.param("p50", 0.03, "no change", id="3 % are within two and a half times the margin"),
        pytest.param("p50", 0.07, "regressed", id="7 % are not"),
        pytest.param("p99", 0.05, "no change", id="5 % are within five times the margin"),
        pytest.param("memory", 0.002, "no change", id="0.2 % are within half the margin"),
        pytest.param("memory", 0.02, "regressed", id="2 % are not"),
    ],
)
def test_verdicts(metric: str, change: float, verdict: str) -> None:
    (found,) = judge([made_up(change, metric=metric)], 0.02)
    assert found.verdict == verdict
    assert found.ratio == pytest.approx(1 + change, abs=0.004)
    assert found.ratio is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.ratio < found.high


def test_noise_is_no_proof_of_anything() -> None:
    (found,) = judge([made_up(0.01, sd=0.08)], 0.02)
    assert found.verdict == "inconclusive"


def test_six_pairs_can_show_nothing_at_this_level() -> None:
    (found,) = judge([made_up(0.5, pairs=6)], 0.02)
    assert (found.verdict, found.low, found.high) == ("inconclusive", None, None)


def test_many_scenarios_need_more_evidence_each() -> None:
    # Eight pairs of one sign: p is 2 / 256 = 0.0078; times three it is above the level of a look.
    alone = judge([made_up(0.05, pairs=8)], 0.02)
    among = judge([made_up(0.05, pairs=8, name=name) for name in ("a", "b", "c")], 0.02)
    assert 2 / 256 <= ALPHA_LOOK < 3 * 2 / 256
    assert [found.verdict for found in alone + among] == ["regressed", *["inconclusive"] * 3]


def test_scenarios_that_are_decided_already_count_for_the_level() -> None:
    (alone,) = judge([made_up(0.05, pairs=8)], 0.02, tests=3)
    assert alone.verdict == "inconclusive"


def test_rows_keep_their_order_and_say_what_is_beside() -> None:
    found = judge([made_up(0, metric=metric, name=name) for name in "ab" for metric in ("cpu", "p99")], 0.02)
    assert [(one.name, one.metric, one.beside) for one in found] == [
        ("a", "cpu", False),
        ("a", "p99", True),
        ("b", "cpu", False),
        ("b", "p99", True),
    ]


@pytest.mark.parametrize(
    ("fresh", "confirms"),
    [
        pytest.param(0.05, True, id="again"),
        pytest.param(0.0, False, id="gone"),
        pytest.param(-0.05, False, id="the other way"),
    ],
)
def test_what_fresh_pairs_confirm(fresh: float, confirms: bool) -> None:
    before = Change("noop", "cpu", "regressed", ratio=1.05)
    assert is_confirmed(before, made_up(fresh, pairs=8)) is confirms
    better = Change("noop", "cpu", "improved", ratio=0.95)
    assert is_confirmed(better, made_up(-fresh, pairs=8)) is confirms


@pytest.mark.parametrize(
    ("change", "sd", "found"),
    [
        pytest.param(0.0, 0.01, 0.0, id="nothing"),
        pytest.param(0.03, 0.005, 0.03, id="clearly"),
        pytest.param(0.02, 0.08, 0.0, id="noise"),
    ],
)
def test_by_how_much_the_control_has_moved(change: float, sd: float, found: float) -> None:
    assert shift(made_up(change, sd)) == pytest.approx(math.log1p(found), abs=0.003)


def test_pairs_to_decide_by_hand() -> None:
    # The nearest limit: 1 % away from zero or 1 % from the margin of 2 %: (2.289 x 0.03 / 0.01)^2 = 47.
    one = made_up(0.01, sd=0.03, pairs=40)
    sd = one.sd
    assert sd is not None
    middle = sorted(one.differences)[19] / 2 + sorted(one.differences)[20] / 2
    room = max(middle, math.log(1.02) - middle)
    assert pairs_to_decide(one, 0.02) == math.ceil((2.289 * sd / room) ** 2)


def test_evidence_of_pairs() -> None:
    calm, busy = ArmSlice(10, 1_000_000, 1_000_000), ArmSlice(10, 2_000_000, 3_000_000)
    seen = [
        Observation(
            (Turn(calm, busy),),
            ArmSummary(p50_ms=1.0, p99_ms=2.0, errors=0, requests=10),
            ArmSummary(p50_ms=2.0, p99_ms=None, errors=0, requests=10),
        )
    ]
    found = {one.metric: one for one in evidence({"noop": seen})}
    assert list(found) == ["cpu", "throughput", "p50"]  # no p99 of one side: no ratio
    assert found["cpu"].differences == pytest.approx([math.log(3)])
    assert (found["cpu"].base, found["cpu"].head) == (100.0, 300.0)
    assert found["throughput"].differences == pytest.approx([-math.log(2)])


def test_memory_is_in_megabytes() -> None:
    one = memory_evidence("all scenarios", [(100_000_000, 110_000_000)])
    assert (one.base, one.head, one.differences) == (100.0, 110.0, pytest.approx([math.log(1.1)]))


def test_equal_versions_are_rarely_suspected() -> None:
    """The level of one look holds for pairs that are only noise; one suspect in forty is expected."""
    rng = Random(7)
    tests = [
        PairedEvidence(
            name="a",
            metric="cpu",
            differences=tuple(rng.gauss(0, 0.03) for _ in range(8)),
            base=None,
            head=None,
        )
        for _ in range(600)
    ]
    suspects = sum(judge([one], 0.001)[0].verdict in ("regressed", "improved") for one in tests)
    assert suspects <= 22  # 0.0156 x 600 = 9.4, and four standard deviations more


def failing(base: list[int], head: list[int], name: str = "noop") -> dict[str, list[Observation]]:
    """Pairs of 1,000 requests to either side, of which so many failed."""
    return {
        name: [
            Observation(
                (),
                ArmSummary(p50_ms=None, p99_ms=None, errors=one, requests=1000),
                ArmSummary(p50_ms=None, p99_ms=None, errors=other, requests=1000),
            )
            for one, other in zip(base, head, strict=True)
        ]
    }


@pytest.mark.parametrize(
    ("base", "head", "verdict"),
    [
        # One-sided level of a look: 0.01105.
        pytest.param([0] * 8, [0] * 7 + [800], "inconclusive", id="one pair, however many requests"),
        pytest.param([8] * 2 + [0] * 6, [8] * 8, "inconclusive", id="six of six: 1 in 64"),
        pytest.param([8] + [0] * 7, [8] * 8, "regressed", id="seven of seven: 1 in 128"),
        pytest.param([0] * 9 + [8], [1] * 9 + [0], "regressed", id="nine of ten: 11 in 1,024"),
        pytest.param([0] * 8 + [8], [1] * 8 + [0], "inconclusive", id="eight of nine: 10 in 512"),
        pytest.param([0] * 6, [1] * 6, "regressed", id="every pair of the head and no base"),
        pytest.param([1] + [0] * 5, [2] * 6, "inconclusive", id="every pair of the head, but a base as well"),
        pytest.param([9] * 8, [0] * 8, "inconclusive", id="fewer are no improvement"),
    ],
)
def test_pairs_decide_whether_the_head_fails_more_often(
    base: list[int], head: list[int], verdict: str
) -> None:
    (found,) = judge(evidence(failing(base, head)), 0.02)
    assert (found.metric, found.verdict, found.base, found.head) == ("errors", verdict, sum(base), sum(head))


def test_errors_are_adjusted_for_the_scenarios_as_well() -> None:
    # 1 in 128 is below 0.01105, twice that is not; another scenario need not have failed to count.
    seen = failing([8] + [0] * 7, [8] * 8)
    assert [judge(evidence(seen), 0.02, tests)[0].verdict for tests in (1, 2)] == [
        "regressed",
        "inconclusive",
    ]


def test_shares_are_compared_where_sides_were_sent_different_numbers() -> None:
    seen = [
        Observation(
            (),
            ArmSummary(p50_ms=None, p99_ms=None, errors=10, requests=1000),
            ArmSummary(p50_ms=None, p99_ms=None, errors=9, requests=100),
        )
        for _ in range(8)
    ]
    (one,) = evidence({"noop": seen})
    assert one.differences == pytest.approx([0.08] * 8)


def test_without_failures_there_is_no_row() -> None:
    assert evidence(failing([0] * 8, [0] * 8)) == []


@pytest.mark.parametrize("scenarios", [1, 4, 10])
def test_what_is_open_has_an_interval_that_leaves_it_open(scenarios: int) -> None:
    """Eight pairs cannot show +80 % at the level that ten scenarios leave; the interval must not say that they do."""
    for seed in range(40):
        one = made_up(0.8 * (seed % 5) / 4, sd=0.2, pairs=8, seed=seed)
        (change,) = judge([one], 0.02, scenarios)
        low, high = change.low or 0.0, change.high or math.inf
        assert (change.verdict == "inconclusive") == (low <= 1 <= high)


def test_an_interval_is_of_one_scenario_where_it_shows_something() -> None:
    """Of 20 pairs that all differ by about a half, four scenarios leave the interval as one alone has it."""
    one = made_up(0.5, pairs=20)
    assert judge([one], 0.02, 4) == judge([one], 0.02, 1)
