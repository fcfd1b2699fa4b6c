from __future__ import annotations

import math

import numpy as np
import pytest

from bench.errors import UsageError
from bench.gates.runs.benchmarks import compare
from bench.gates.runs.outcome import Outcome
from bench.results.micro import Benchmark, Micro
from tests.bench.gates.runs.drift import LEVEL_SD

MACHINE = {"system": "Linux", "cpu": {"brand_raw": "AMD EPYC", "count": 2}}


def timed(
    name: str, q1: float, median: float, q3: float, rounds: int = 100, group: str | None = None
) -> Benchmark:
    """In microseconds."""
    q1, median, q3 = q1 / 1e6, median / 1e6, q3 / 1e6
    return Benchmark(
        name=name,
        group=group,
        median_s=median,
        q1_s=q1,
        q3_s=q3,
        min_s=q1 / 2,
        max_s=q3 * 9,
        mean_s=median,
        stddev_s=q1,
        rounds=rounds,
        extra={},
    )


ANCHOR = timed("bare-app", 100, 100, 100)


def outcome(
    base: list[Benchmark],
    new: list[Benchmark],
    *despite: str,
    anchors: tuple[Benchmark, ...] = (ANCHOR, ANCHOR),
) -> Outcome:
    """The comparison of two files; `anchors` are one of either, or none."""
    before, after = Micro(MACHINE, (*base, *anchors[:1])), Micro(MACHINE, (*new, *anchors[1:2]))
    return compare(before, after, 0.05, despite, ("a.json", "b.json"))


def slower(times: float, name: str = "bare-app") -> Benchmark:
    return timed(name, 100 * times, 100 * times, 100 * times)


@pytest.mark.parametrize(
    ("new", "anchor", "expected"),
    [
        pytest.param((209, 210, 215), 1.0, "regressed", id="the middle halves 2.05 times apart"),
        pytest.param((203, 210, 215), 1.0, "inconclusive", id="1.99 times"),
        pytest.param((45, 46, 47), 1.0, "improved", id="98 / 47 is 2.09"),
        pytest.param((45, 46, 50), 1.0, "inconclusive", id="98 / 50 is not"),
        pytest.param((98, 100, 102), 1.0, "inconclusive", id="the same: another process may differ"),
        pytest.param(
            (240, 245, 250), 1.2, "inconclusive", id="240 / 102 / 1.2 is 1.96: the machine was slower"
        ),
        pytest.param((250, 255, 260), 1.2, "regressed", id="250 / 102 / 1.2 is 2.04"),
        pytest.param((203, 205, 206), 0.5, "inconclusive", id="4 times as long through the anchor alone"),
    ],
)
def test_only_gross_changes_show_as_measured_and_through_the_anchor(
    new: tuple[float, float, float], anchor: float, expected: str
) -> None:
    """The extremes, which the builder puts far apart, play no part; nor does the number of rounds."""
    for rounds in (5, 100_000):
        found = outcome(
            [timed("t", 98, 100, 102)], [timed("t", *new, rounds=rounds)], anchors=(ANCHOR, slower(anchor))
        )
        (change,) = found.judgement.changes
        assert change.verdict == expected
    assert (change.name, change.metric, change.unit) == ("t", "p50", "µs")
    assert (change.base, change.head) == pytest.approx((100, new[1]))
    assert change.ratio == pytest.approx(new[1] / 100 / anchor)
    assert (change.low, change.high) == pytest.approx(
        (min(1, 1 / anchor) * new[0] / 102 / 2, max(1, 1 / anchor) * new[2] / 98 * 2)
    )


def test_several_anchors_count_by_their_median() -> None:
    variants = [timed(f"bare-app, {what}", 100, 100, 100) for what in ("asyncio", "50 at once")]
    drifted = [slower(times, one.name) for one, times in zip(variants, (1.3, 1.1), strict=True)]
    found = outcome(
        [timed("t", 1, 1, 1), *variants], [timed("t", 1.2, 1.2, 1.2), *drifted], anchors=(ANCHOR, slower(1.2))
    )
    (change,) = found.judgement.changes
    assert change.ratio == pytest.approx(1.0)


def test_without_an_anchor_nothing_is_concluded() -> None:
    (change,) = outcome([timed("t", 1, 1, 1)], [timed("t", 9, 9, 9)], anchors=()).judgement.changes
    assert (change.verdict, change.ratio, change.low) == ("inconclusive", pytest.approx(9), None)


@pytest.mark.parametrize("few", ["base", "new"])
def test_a_few_rounds_have_no_quartiles(few: str) -> None:
    base, new = timed("t", 100, 100, 100), timed("t", 900, 900, 900)
    sides = [timed("t", 100, 100, 100, 4), new] if few == "base" else [base, timed("t", 900, 900, 900, 4)]
    (change,) = outcome([sides[0]], [sides[1]]).judgement.changes
    assert (change.verdict, change.why) == ("inconclusive", ("4 rounds have no quartiles: 5 have",))


def test_a_benchmark_that_one_side_lacks_is_reported_and_fails() -> None:
    gone, fresh = (timed(name, 100, 100, 100) for name in ("gone", "fresh"))
    before, after = timed("kept", 900, 900, 900), timed("kept", 100, 100, 100)
    found = outcome([before, gone], [after, fresh])
    assert {one.name: (one.verdict, one.why[0].partition(":")[0]) for one in found.judgement.changes[1:]} == {
        "gone": ("inconclusive", "missing in b.json"),
        "fresh": ("inconclusive", "missing in a.json"),
    }
    assert found.missing == ("Only in a.json: gone.", "Only in b.json: fresh.")
    assert (found.status("fail"), found.status("pass")) == (1, 1)
    borne = outcome([before, gone], [after, fresh], "missing")
    assert (borne.status("fail"), borne.missing, borne.judgement.verdict) == (0, (), "improved")
    assert borne.judgement.notes[-2:] == found.missing


def test_the_table_has_a_section_a_group() -> None:
    base = [
        timed("a", 98, 100, 102, group="x"),
        timed("b", 1000, 1000, 1000, group="y"),
        timed("c", 5, 5, 5, group="x"),
    ]
    table = outcome(base, [timed("a", 250, 251, 252, group="x"), base[1]]).table
    assert [(row.section, row.entries[:4], row.entries[-1]) for row in table.rows] == [
        ("x", ("a", "100", "251", "2.51 ×"), "regressed"),
        ("x", ("c", "5.00", "–", "–"), "missing"),
        ("y", ("b", "1,000", "1,000", "~"), "inconclusive"),
        ("", ("bare-app", "100", "100", "~"), "anchor"),
    ]


def test_at_most_2_percent_of_files_of_equal_code_are_red() -> None:
    """40 benchmarks take a minute on a machine that drifts as that of the runs does; 30 s of it may be slow."""
    rng = np.random.default_rng(17)
    verdicts = [outcome(drifted(rng), drifted(rng), anchors=()).judgement for _ in range(200)]
    assert sum(one.verdict == "regressed" for one in verdicts) <= 4
    ranges = [max(one.ratio or 0 for one in found.changes) for found in verdicts]
    assert np.median(ranges) > 1.2  # so that there is something to be wrong about


def drifted(rng: np.random.Generator) -> list[Benchmark]:
    level, start_s = rng.normal(0, LEVEL_SD), rng.uniform(0, 120)
    luck = rng.normal(0, 0.03)
    found = []
    for place in range(41):
        slow = math.log(1 / 0.75) if (start_s + 1.5 * place) % 120 < 30 else 0.0
        middle = 100 * math.exp(level + luck + slow + rng.normal(0, 0.05))
        found.append(timed(f"b{place}" if place else "bare-app", 0.97 * middle, middle, 1.03 * middle))
    return found


def test_another_machine_is_refused() -> None:
    some = (timed("t", 1, 1, 1),)
    other = Micro(MACHINE | {"cpu": {"brand_raw": "AMD EPYC", "count": 8}}, some)
    with pytest.raises(UsageError, match=r"not comparable: cores: 2 before, 8 now \(--despite cores "):
        compare(Micro(MACHINE, some), other, 0.05)
    found = compare(Micro(MACHINE, some), other, 0.05, ["cores"])
    assert "The two differ in cores: 2 before, 8 now." in found.judgement.notes


def test_nothing_in_common_is_no_finding() -> None:
    with pytest.raises(
        UsageError, match=r"^nothing to compare: a.json and b.json have no benchmark in common$"
    ):
        outcome([timed("a", 1, 1, 1)], [timed("b", 1, 1, 1)], "all")
