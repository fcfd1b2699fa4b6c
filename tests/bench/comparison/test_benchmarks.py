from __future__ import annotations

import pytest

from bench.comparison.benchmarks import compare
from bench.comparison.outcome import Outcome
from bench.errors import UsageError
from bench.micro import Benchmark, Micro

MACHINE = {"system": "Linux", "cpu": {"brand_raw": "AMD EPYC", "count": 2}}


def timed(
    name: str, q1: float, median: float, q3: float, rounds: int = 100, group: str | None = None
) -> Benchmark:
    """In microseconds."""
    q1, median, q3 = q1 / 1e6, median / 1e6, q3 / 1e6
    return Benchmark(name, group, median, q1, q3, q1 / 2, q3 * 9, median, q1, rounds, {})


def outcome(base: list[Benchmark], new: list[Benchmark], *despite: str) -> Outcome:
    return compare(
        Micro(MACHINE, tuple(base)), Micro(MACHINE, tuple(new)), 0.05, despite, ("a.json", "b.json")
    )


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param((110, 112, 115), "regressed", id="middle halves apart, 12 % slower"),
        pytest.param((80, 85, 90), "improved", id="middle halves apart, 15 % faster"),
        pytest.param((101, 112, 115), "inconclusive", id="12 % slower, but the middle halves overlap"),
        pytest.param((99, 100, 102), "no change", id="all of the middle halves within 5 %"),
        pytest.param((99, 100, 107), "inconclusive", id="the third quartile reaches further"),
    ],
)
def test_the_evidence_is_the_middle_half_of_the_rounds(
    new: tuple[float, float, float], expected: str
) -> None:
    """The extremes, which the builder puts far apart, play no part; nor does the number of rounds."""
    for rounds in (5, 100_000):
        found = outcome([timed("t", 98, 100, 102)], [timed("t", *new, rounds=rounds)])
        (change,) = found.judgement.changes
        assert change.verdict == expected
    assert (change.name, change.metric, change.unit) == ("t", "p50", "µs")
    assert (change.base, change.head) == pytest.approx((100, new[1]))
    assert (change.ratio, change.low, change.high) == pytest.approx((new[1] / 100, new[0] / 102, new[2] / 98))


@pytest.mark.parametrize("few", ["base", "new"])
def test_a_few_rounds_have_no_quartiles(few: str) -> None:
    base, new = timed("t", 100, 100, 100), timed("t", 200, 200, 200)
    sides = [timed("t", 100, 100, 100, 4), new] if few == "base" else [base, timed("t", 200, 200, 200, 4)]
    (change,) = outcome([sides[0]], [sides[1]]).judgement.changes
    assert (change.verdict, change.why) == ("inconclusive", ("4 rounds have no quartiles: 5 have",))


def test_a_benchmark_that_one_side_lacks_is_reported_and_fails() -> None:
    kept, gone, fresh = (timed(name, 100, 100, 100) for name in ("kept", "gone", "fresh"))
    found = outcome([kept, gone], [kept, fresh])
    assert {one.name: (one.verdict, one.why) for one in found.judgement.changes} == {
        "kept": ("no change", ()),
        "gone": ("inconclusive", ("missing in b.json: nothing to compare with",)),
        "fresh": ("inconclusive", ("missing in a.json: nothing to compare with",)),
    }
    assert found.missing == ("Only in a.json: gone.", "Only in b.json: fresh.")
    assert (found.status("fail"), found.status("pass")) == (1, 1)
    borne = outcome([kept, gone], [kept, fresh], "missing")
    assert (borne.status("fail"), borne.missing, borne.judgement.verdict) == (0, (), "no change")
    assert borne.judgement.notes[-2:] == found.missing


def test_the_table_has_a_section_a_group() -> None:
    base = [
        timed("a", 98, 100, 102, group="x"),
        timed("b", 1000, 1000, 1000, group="y"),
        timed("c", 5, 5, 5, group="x"),
    ]
    table = outcome(base, [timed("a", 150, 151, 152, group="x"), base[1]]).table
    assert [(row.section, row.entries) for row in table.rows] == [
        ("x", ("a", "100", "151", "1.51 ×", "5 %", "regressed")),
        ("x", ("c", "5.00", "–", "–", "–", "missing")),
        ("y", ("b", "1,000", "1,000", "~", "5 %", "no change")),
    ]


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
