from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.gates.runs import cells
from bench.gates.runs import pairs as pairing
from bench.gates.runs.outcome import Outcome
from bench.gates.runs.pairs import CellPair
from bench.model.change import Verdict
from bench.model.facts import RunFacts
from bench.model.plan import ClosedLoad, OpenLoad, Setup
from bench.model.record import Caveat, Failure, Record, Run
from bench.results.caveats import NOT_QUIET
from bench.results.results import understand
from bench.stats.metrics import MEMORY, P99, Metric
from bench.stats.table import Row
from tests.bench.builders import CLOSED, OPEN, record, repeats, run

ANCHORS = (*repeats("anchor", "ping", *[2000.0] * 5), *repeats("anchor", "ping", *[400.0] * 5, load=OPEN))
"""On a machine that did not drift at all."""

ERRORS = Caveat("errors", "12 of 2,410 requests failed (12 status-500)")
SHED = Caveat("shed", "40 sessions never started: all of max_sessions were under way")
SATURATED = Caveat("generator-saturated", "the generator used 90 % of its core: it may be what is measured")


def compare(
    base: Run, head: Run, threshold: float, metrics: Sequence[Metric] = (), despite: Iterable[str] = ()
) -> Outcome:
    return cells.compare(understand(base), understand(head), threshold, metrics, despite)


def pairs(base: Run, head: Run) -> tuple[CellPair, ...]:
    return pairing.pairs(understand(base), understand(head))


def outcome(
    base: tuple[Record, ...],
    new: tuple[Record, ...],
    *despite: str,
    metrics: tuple[Metric, ...] = (),
    anchors: tuple[tuple[Record, ...], tuple[Record, ...]] = (ANCHORS, ANCHORS),
) -> Outcome:
    """The comparison of two runs that have an anchor of either load as well."""
    before, after = run(*base, *anchors[0], name="before"), run(*new, *anchors[1], name="after")
    return compare(before, after, 0.05, metrics, despite)


def rows(found: Outcome) -> list[Row]:
    """Those of the table but for the anchors'."""
    return [row for row in found.table.rows if row.entries[0] != "anchor"]


def verdicts(found: Outcome) -> dict[tuple[str, str], Verdict | None]:
    return {(one.name.split(" / ")[0], one.metric): one.verdict for one in found.judgement.changes}


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


@pytest.mark.parametrize(
    ("new", "whole", "status", "lenient"),
    [
        pytest.param((100.0, 101.0), "no change", 0, 0, id="all within the threshold"),
        pytest.param((200.0, 201.0), "improved", 0, 0, id="twice as fast"),
        pytest.param((100.0, 120.0), "inconclusive", 3, 0, id="wide repeats"),
        pytest.param((50.0, 51.0), "regressed", 1, 1, id="half as fast"),
        pytest.param((50.0,), "inconclusive", 3, 0, id="half as fast once"),
    ],
)
def test_the_exit_status(new: tuple[float, ...], whole: str, status: int, lenient: int) -> None:
    found = outcome(repeats("a", "noop-async", 100, 101), repeats("a", "noop-async", *new))
    assert (found.judgement.verdict, found.status("fail"), found.status("pass")) == (whole, status, lenient)


# --- the table -----------------------------------------------------------------------------------


def test_both_runs_side_by_side_with_a_tilde_where_repeats_overlap() -> None:
    base = (
        *repeats("a", "noop-async", 100, 110, 120, cpu_us=50.0),
        *repeats("b", "noop-async", 100, 110, 120),
        *repeats("gone", "noop-async", 1, 2, 3),
    )
    new = (
        *repeats("a", "noop-async", 50, 55, 60, cpu_us=100.0),
        *repeats("b", "noop-async", 105, 115, 125),
        *repeats("fresh", "noop-async", 1, 2, 3),
    )
    found = outcome(base, new)
    assert found.table.title == "before against after"
    assert [(*row.entries[:5], row.entries[-1]) for row in rows(found)] == [
        ("a", "noop-async", "110", "55.0", "0.50 ×", "regressed"),
        ("b", "noop-async", "110", "115", "~", "inconclusive"),
        ("fresh", "noop-async", "–", "2.0", "–", "missing"),
        ("gone", "noop-async", "2.0", "–", "–", "missing"),
    ]
    assert rows(found)[0].entries[8:11] == ("50.0", "100", "2.00 ×")
    assert [row.section for row in rows(found)] == ["native, 32 users"] * 4


def test_an_anchor_is_shown_and_not_judged() -> None:
    some = repeats("a", "noop-async", 100, 100)
    found = outcome(some, some)
    assert [row.entries[-1] for row in found.table.rows] == ["no change", "anchor", "anchor"]
    assert {change.name.split(" / ")[0] for change in found.judgement.changes} == {"a"}


def test_an_anchor_alone_is_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="no benchmark in common"):
        outcome((), ())


def test_table_and_judgement_carry_the_same_notes() -> None:
    some = repeats("a", "noop-async", 1, 2, 3)
    found = outcome(some, some)
    assert found.table.notes == found.judgement.notes


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


def test_what_is_missing_may_be_borne_and_is_told() -> None:
    kept = repeats("a", "noop-async", 100, 101)
    found = outcome((*kept, *repeats("b", "noop-async", 1, 2)), kept, "missing")
    assert (found.judgement.verdict, found.missing, found.status("fail")) == ("no change", (), 0)
    assert found.judgement.notes[-1] == "Only in before: b / noop-async / native / 32 users."
    assert [row.entries[-1] for row in rows(found)] == ["no change", "missing"]


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


@pytest.mark.parametrize(
    ("base", "new"),
    [
        pytest.param(repeats("a", "noop-async", 1, 2), repeats("b", "noop-async", 1, 2), id="other setups"),
        pytest.param((), (), id="no records at all"),
        pytest.param(repeats("a", "noop-async", 1, 2), (), id="an empty run"),
    ],
)
@pytest.mark.parametrize("despite", [(), ("all",)], ids=["strict", "despite all"])
def test_nothing_in_common_is_no_finding(
    base: tuple[Record, ...], new: tuple[Record, ...], despite: tuple[str, ...]
) -> None:
    with pytest.raises(
        UsageError, match=r"^nothing to compare: before and after have no benchmark in common$"
    ):
        outcome(base, new, *despite)


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


@pytest.mark.parametrize(
    ("base", "new", "expected"),
    [
        pytest.param((0, 0, 0), (40, 40, 40), "regressed", id="in all repeats, before in none"),
        pytest.param((0, 0, 0), (0, 1, 0), "inconclusive", id="one request of one repeat"),
        pytest.param((0, 0, 0), (0, 40, 0), "inconclusive", id="a burst in one repeat"),
        pytest.param((0, 0, 0), (1, 1, 1), "inconclusive", id="three requests in all: p = 1/8"),
        pytest.param((0, 40, 0), (40, 40, 40), "inconclusive", id="a burst before, too: 2 cases of 10"),
        pytest.param((0, 40, 0, 0, 0), (40,) * 5, "regressed", id="in 5 of 5 after 1 of 5: 6 cases of 252"),
        pytest.param((0, 0), (40, 40), "inconclusive", id="two repeats are too few"),
        pytest.param((0,), (3000,), "regressed", id="nothing but errors"),
        pytest.param((9,), (3000,), "inconclusive", id="nothing but errors, which the base had as well"),
        pytest.param((40, 40, 40), (40, 40, 40), "inconclusive", id="the same errors before"),
        pytest.param((40, 40, 40), (0, 0, 0), "inconclusive", id="errors that are gone"),
    ],
)
def test_errors_are_a_regression_where_requests_and_repeats_both_show_it(
    base: tuple[int, ...], new: tuple[int, ...], expected: Verdict
) -> None:
    """3,000 requests in each repeat."""
    (change,) = outcome(failing(base), failing(new)).judgement.changes
    assert change.verdict == expected
    if any(new):
        assert (change.metric, change.base, change.head) == ("errors", sum(base), sum(new))
        assert change.why[0] == ERRORS.text


def failing(counts: tuple[int, ...], *more: Caveat) -> tuple[Record, ...]:
    return tuple(
        record(
            "a",
            "noop-async",
            (3000 - errors) / 3,
            repeat=repeat,
            errors=errors,
            valid=not errors,
            caveats=((ERRORS,) if errors else ()) + more,
        )
        for repeat, errors in enumerate(counts)
    )


def test_a_load_that_only_the_base_could_serve_is_a_regression_if_it_happens_every_time() -> None:
    good = repeats("a", "io-async", 400, 400, 400, load=OPEN)
    bad = repeats("a", "io-async", 300, 300, 300, load=OPEN, valid=False, caveats=(SHED,))
    (change,) = outcome(good, bad).judgement.changes
    assert (change.metric, change.verdict, change.base, change.head) == ("throughput", "regressed", 400, 300)
    assert change.why == (SHED.text,)
    for new in ((*good[:2], bad[2]), bad[:2]):
        assert [one.verdict for one in outcome(good, new).judgement.changes] == ["inconclusive"]
    assert [one.verdict for one in outcome(bad, bad).judgement.changes] == ["inconclusive"]


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        pytest.param(
            repeats("anchor", "ping", *[400.0] * 3, load=OPEN, cpu_us=84.0), "regressed", id="5 % slower"
        ),
        pytest.param(
            repeats("anchor", "ping", *[400.0] * 3, load=OPEN, cpu_us=85.0), "inconclusive", id="6 % slower"
        ),
        pytest.param(
            repeats("anchor", "ping", *[400.0] * 3, load=OPEN, caveats=(SHED,), valid=False),
            "inconclusive",
            id="it shed, too",
        ),
        pytest.param(
            repeats("anchor", "ping", *[2e3] * 3, cpu_us=80.0), "regressed", id="a closed one tells as well"
        ),
        pytest.param((), "inconclusive", id="none"),
    ],
)
def test_who_lags_behind_has_regressed_only_if_the_machine_was_no_slower(
    anchor: tuple[Record, ...], expected: Verdict
) -> None:
    """The anchors of the base take 80 us."""
    good = repeats("a", "io-async", 400, 400, 400, load=OPEN)
    bad = repeats("a", "io-async", 300, 300, 300, load=OPEN, valid=False, caveats=(SHED,))
    (change, *_) = outcome(good, bad, "missing", anchors=(ANCHORS, anchor)).judgement.changes
    assert change.verdict == expected


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


@pytest.mark.parametrize(
    "doubt", [Caveat("steal", "the hypervisor took 9 %"), SATURATED], ids=lambda doubt: doubt.code
)
def test_faults_on_a_machine_that_was_not_quiet_conclude_nothing(doubt: Caveat) -> None:
    good, bad = failing((0, 0, 0)), failing((40, 40, 40), doubt)
    assert [one.verdict for one in outcome(good, bad).judgement.changes] == ["inconclusive"]
    served = repeats("a", "io-async", 400, 400, 400, load=OPEN)
    late = repeats("a", "io-async", 300, 300, 300, load=OPEN, valid=False, caveats=(SHED, doubt))
    assert [one.verdict for one in outcome(served, late).judgement.changes] == ["inconclusive"]


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


def test_loads_that_both_runs_have_are_compared_and_the_rest_is_missing() -> None:
    """Which of two loads a third one stands for, nobody can say."""
    both = repeats("a", "noop-async", 1, 2, load=OpenLoad(10, 3.0))
    base = (
        *both,
        *repeats("a", "noop-async", 1, 2),
        *repeats("a", "noop-async", 1, 2, load=ClosedLoad(16, 3.0)),
    )
    new = (*both, *repeats("a", "noop-async", 1, 2, load=ClosedLoad(64, 3.0)))
    found = [
        (pair.base is not None, pair.head is not None, pair.name) for pair in pairs(run(*base), run(*new))
    ]
    assert found == [
        (True, False, "a / noop-async / native / 16 users"),
        (True, False, "a / noop-async / native / 32 users"),
        (False, True, "a / noop-async / native / 64 users"),
        (True, True, "a / noop-async / native / 10 arrivals/s"),
    ]


def test_another_duration_shows_in_the_names() -> None:
    base, new = (repeats("a", "noop-async", 1, 2, load=ClosedLoad(32, length)) for length in (3.0, 9.0))
    (pair,) = pairs(run(*base), run(*new))
    assert pair.name == "a / noop-async / native / 32 users for 3 s against 32 users for 9 s"


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


def test_of_several_loads_those_that_differ_in_time_alone_belong_together() -> None:
    """So that what is said is the duration, and not that the two have nothing in common."""
    base, new = (
        [
            one
            for users in (16, 64)
            for one in repeats("a", "noop-async", 1, 2, load=ClosedLoad(users, length))
        ]
        for length in (3.0, 9.0)
    )
    assert [pair.name for pair in pairs(run(*base), run(*new))] == [
        "a / noop-async / native / 16 users for 3 s against 16 users for 9 s",
        "a / noop-async / native / 64 users for 3 s against 64 users for 9 s",
    ]
    with pytest.raises(
        UsageError, match=r"^not comparable: duration_s: 3\.0 before, 9\.0 now \(--despite load "
    ):
        outcome(tuple(base), tuple(new))
