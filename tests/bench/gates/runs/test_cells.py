from __future__ import annotations

from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.model.facts import RunFacts
from bench.model.plan import ClosedLoad, Setup
from bench.model.record import Caveat, Failure, Run
from bench.results.caveats import NOT_QUIET
from bench.stats.metrics import MEMORY, P99
from tests.bench.builders import CLOSED, OPEN, lanes, record, repeats, run
from tests.bench.gates.runs.compared import (
    ANCHORS,
    SATURATED,
    compare,
    outcome,
    rows,
    verdicts,
)

# --- what is judged, and how ---------------------------------------------------------------------


def test_a_closed_load_is_judged_by_throughput_and_cpu() -> None:
    """Of b the throughput is the same to 2 %, of c it spreads; the CPU time is always the same."""
    base = (
        *repeats("a", "noop-async", 100, 110, 120),
        *repeats("b", "noop-async", 100, 101, 102),
        *repeats("c", "noop-async", 100, 110, 120),
    )
    new = (
        *repeats("a", "noop-async", 50, 55, 60),
        *repeats("b", "noop-async", 100, 101, 102),
        *repeats("c", "noop-async", 105, 115, 125),
    )
    found = outcome(base, new)
    assert verdicts(found) == {
        ("a", "throughput"): "regressed",
        ("a", "cpu"): "no change",
        ("b", "throughput"): "no change",
        ("b", "cpu"): "no change",
        ("c", "throughput"): "inconclusive",
        ("c", "cpu"): "no change",
    }
    first = found.judgement.changes[0]
    assert (first.name, first.unit) == ("a / noop-async / native / 32 users", "req/s")
    assert (first.base, first.head, first.ratio) == (110, 55, pytest.approx(0.5))
    assert found.status("pass") == found.status("fail") == 1


def test_cpu_alone_may_regress() -> None:
    base, new = (repeats("a", "noop-async", 100, 100, cpu_us=cpu_us) for cpu_us in (50.0, 60.0))
    found = outcome(base, new)
    assert verdicts(found) == {("a", "throughput"): "no change", ("a", "cpu"): "regressed"}
    assert verdicts(outcome(new, base))["a", "cpu"] == "improved"


def test_an_open_load_is_judged_by_p99_since_its_rate_is_given() -> None:
    base, new = (repeats("a", "noop-async", 400, 400, load=OPEN, p99=p99) for p99 in (6.0, 9.0))
    assert verdicts(outcome(base, new)) == {("a", "p99"): "regressed", ("a", "cpu"): "no change"}


def test_the_metrics_that_are_asked_for_are_judged_and_shown() -> None:
    base, new = (repeats("a", "noop-async", 100, 100, p99=p99) for p99 in (6.0, 9.0))
    found = outcome(base, new, metrics=(P99,))
    assert verdicts(found) == {("a", "p99"): "regressed"}
    assert [column.name for column in found.table.columns[2:5]] == ["p99", "ms", ""]
    assert rows(found)[0].entries[2:] == ("6.00", "9.00", "1.50 ×", "5 %", "regressed")


# --- what is missing -----------------------------------------------------------------------------


def test_a_cell_that_either_side_lacks_is_reported_and_fails() -> None:
    kept = repeats("a", "noop-async", 100, 101)
    for base, new, side, other in (
        ((*kept, *repeats("b", "noop-async", 1, 2)), kept, "after", "before"),
        (kept, (*kept, *repeats("b", "noop-async", 1, 2)), "before", "after"),
    ):
        found = outcome(base, new)
        assert verdicts(found)["b", "throughput"] == "inconclusive"
        assert found.judgement.changes[-1].why == (f"missing in {side}: nothing to compare with",)
        assert found.missing == (f"Only in {other}: b / noop-async / native / 32 users.",)
        assert (found.status("fail"), found.status("pass")) == (1, 1)


def test_a_server_that_failed_is_said_to_be_the_reason() -> None:
    kept = repeats("a", "noop-async", 100, 101)
    base = run(*kept, *repeats("b", "noop-async", 1, 2), *repeats("b", "io-async", 1, 2), name="before")
    failures = (Failure("b", 0, "no answer within 20 s\nits log: ..."), Failure("b", 1, "no", "io-async"))
    new = replace(run(*kept, name="after"), failures=failures)
    changes = {
        one.name.partition(" / native")[0]: one.why[1:] for one in compare(base, new, 0.05).judgement.changes
    }
    assert changes["b / noop-async"] == ("failed in after: no answer within 20 s",)
    assert changes["b / io-async"] == ("failed in after: no answer within 20 s", "failed in after: no")


def test_a_cell_whose_repeats_failed_in_part_shows_nothing() -> None:
    some = repeats("a", "noop-async", 100, 101)
    new = replace(run(*some), failures=(Failure("a", 2, "the server died", "noop-async"),))
    (change,) = compare(run(*some), new, 0.05).judgement.changes
    assert (change.verdict, change.why) == ("inconclusive", ("failed in made-up: the server died",))


# --- what is invalid -----------------------------------------------------------------------------


def test_a_cell_that_is_invalid_on_either_side_has_no_ratio_and_no_verdict() -> None:
    good = repeats("a", "noop-async", 10, 10)
    bad = repeats("a", "noop-async", 90, 91, valid=False, caveats=(SATURATED,))
    for base, new, side in ((good, bad, "after"), (bad, good, "before")):
        found = outcome(base, new)
        (row,) = rows(found)
        assert (row.entries[4], row.entries[-1], row.invalid) == ("–", "inconclusive", True)
        (change,) = found.judgement.changes
        assert (change.verdict, change.ratio) == ("inconclusive", None)
        assert change.why == (f"invalid in {side}: {SATURATED.text}",)


# --- the machine ---------------------------------------------------------------------------------


def test_a_cell_is_judged_through_the_anchor_of_its_own_round() -> None:
    """In the third round of the new run all is half as fast; in the ratios nothing happened, and a is 20 % dearer."""
    pace = (1.0, 1.0, 2.0, 1.0, 1.0)
    before = tuple(record("a", "noop-async", 100, repeat=place, cpu_us=100.0 + place) for place in range(5))
    after = tuple(
        record("a", "noop-async", 100 / slow, repeat=place, cpu_us=120.0 * slow + place)
        for place, slow in enumerate(pace)
    )
    anchor = tuple(
        record("anchor", "ping", 2000 / slow, repeat=place, cpu_us=80.0 * slow)
        for place, slow in enumerate(pace)
    )
    (_, cpu) = outcome(before, after, anchors=(ANCHORS[:5], anchor)).judgement.changes
    assert cpu.ratio == pytest.approx(1.2, rel=0.01)
    assert (cpu.base, cpu.head) == (102, 123)


def test_without_an_anchor_nothing_is_concluded_but_of_memory() -> None:
    base, new = repeats("a", "noop-async", 100, 100), repeats("a", "noop-async", 50, 50, rss=180_000_000)
    for sides in ((base, new), (base, base)):
        changes = outcome(*sides, anchors=((), ())).judgement.changes
        assert [(one.verdict, one.low) for one in changes] == [("inconclusive", None)] * 2
    found = outcome(base, new, anchors=((), ()), metrics=(MEMORY,))
    assert verdicts(found) == {("a", "memory"): "regressed"}


@pytest.mark.parametrize("kind", ["of the other kind of load", "invalid"])
def test_an_anchor_of_no_use_is_none(kind: str) -> None:
    base, new = repeats("a", "noop-async", 100, 100), repeats("a", "noop-async", 50, 50)
    broken = repeats("anchor", "ping", 2000, 2000, valid=False, caveats=(SATURATED,))
    after = ANCHORS[5:] if kind != "invalid" else (*broken, *ANCHORS[5:])
    before = ANCHORS[5:] if kind != "invalid" else ANCHORS
    changes = outcome(base, new, anchors=(before, after)).judgement.changes
    assert [one.verdict for one in changes] == ["inconclusive"] * 2
    assert ("generator-saturated" in changes[0].why[0]) == (kind == "invalid")


@pytest.mark.parametrize("code", sorted(NOT_QUIET))
@pytest.mark.parametrize("where", ["cell", "anchor"])
@pytest.mark.parametrize("side", [0, 1], ids=["base", "new"])
def test_a_machine_that_was_not_quiet_concludes_nothing(side: int, where: str, code: str) -> None:
    doubt = Caveat(code, "something took 30 % of the CPUs")
    runs = [list(repeats("a", "noop-async", 100, 100)), list(repeats("a", "noop-async", 50, 50))]
    anchors = [list(ANCHORS), list(ANCHORS)]
    place = runs[side] if where == "cell" else anchors[side]
    place[1] = replace(place[1], caveats=(doubt,))
    found = outcome(tuple(runs[0]), tuple(runs[1]), anchors=(tuple(anchors[0]), tuple(anchors[1])))
    assert [one.verdict for one in found.judgement.changes] == ["inconclusive"] * 2
    assert all(doubt.text in one.why[0] for one in found.judgement.changes)


# --- conditions ----------------------------------------------------------------------------------


def test_another_load_is_refused_and_borne_on_demand() -> None:
    base = repeats("a", "noop-async", 100, 100, load=CLOSED)
    new = repeats("a", "noop-async", 50, 50, load=ClosedLoad(64, 3.0))
    with pytest.raises(UsageError, match=r"^not comparable: users: 32 before, 64 now \(--despite load "):
        outcome(base, new)
    found = outcome(base, new, "load")
    assert verdicts(found)["a", "throughput"] == "regressed"
    assert found.judgement.changes[0].name == "a / noop-async / native / 32 users against 64 users"
    assert [row.section for row in rows(found)] == ["native, 32 users against 64 users"]
    assert "The two differ in users: 32 before, 64 now." in found.judgement.notes


def test_another_machine_is_refused_and_other_packages_are_told() -> None:
    uvicorn = Setup("uvicorn", "uvicorn")
    host = {"cores": 2, "versions": {"uvicorn": "0.60.0", "fastapi": "0.165.0"}}
    base = run(*repeats("uvicorn", "noop-async", 1, 1), setups=(uvicorn,))
    new = run(*repeats("uvicorn", "noop-async", 1, 1), setups=(uvicorn,), host=host)
    notes = compare(base, new, 0.05).judgement.notes
    assert [note for note in notes if "differ in uvicorn" in note] == [
        "The two differ in uvicorn: 0.54.0 before, 0.60.0 now."
    ]
    with pytest.raises(UsageError, match="not comparable: cores: 2 before, 8 now"):
        compare(base, run(*new.records, setups=(uvicorn,), host=host | {"cores": 8}), 0.05)


def test_setups_that_are_not_in_the_records_may_differ() -> None:
    mine, other = Setup("a", "uvicorn"), Setup("b", "uvicorn")
    some = repeats("a", "noop-async", 1, 1)
    base, new = run(*some, setups=(mine, other)), run(*some, setups=(mine, replace(other, workers=2)))
    assert compare(base, new, 0.05, (MEMORY,)).judgement.verdict == "no change"


def test_runs_without_facts_can_be_compared() -> None:
    empty = Run("empty", RunFacts(), repeats("a", "noop-async", 1, 1))
    assert compare(empty, empty, 0.05, (MEMORY,)).judgement.verdict == "no change"


def test_slices_are_not_compared_with_a_long_stretch_unless_asked_to() -> None:
    """Slices meet caches that others have used: their absolute figures lie lower."""
    short = run(*lanes({"anchor": [200.0] * 3, "a": [100.0] * 3}), name="before")
    long = run(
        *repeats("anchor", "noop-async", 200, 200), *repeats("a", "noop-async", 100, 100), name="after"
    )
    with pytest.raises(UsageError, match="measured: in slices before, in one stretch now"):
        compare(short, long, 0.05)
    assert compare(short, long, 0.05, (), ("load",)).judgement.changes


def test_drift_within_rounds_hides_no_change_between_lanes() -> None:
    """Slices of a round drift by a factor of four, in another way in each run; the head serves 10 % less."""
    base = lanes({"anchor": [200.0] * 5, "a": [100.0] * 5}, rounds=5, drift=[1, 2, 4, 2, 1])
    head = lanes({"anchor": [200.0] * 5, "a": [90.0] * 5}, rounds=5, drift=[2, 1, 1, 3, 4])
    found = compare(run(*base, name="before"), run(*head, name="after"), 0.05)
    assert [change.ratio for change in found.judgement.changes] == pytest.approx([0.9, 1 / 0.9])
