"""The comparison, on logs and rows made up by hand: what is right is called right, and each mistake is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest

from bench.machine.selftest.behaviours import Constant, Freezing, Queue
from bench.machine.selftest.cases import Case
from bench.machine.selftest.comparison import FigureCheck, compare, has_drifted, quantile
from bench.machine.selftest.log import Log
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Caveat, Record
from bench.model.samples import Samples
from bench.results.summary import summarise
from tests.bench.builders import record

MS = 1_000_000
REQUESTS = 1500
EVERY_MS = 2
WARMUP = 100
OUTCOMES = ("ok", "reset")
CASE = Case(
    name="drops",
    about="drops every tenth",
    behaviour=Constant(5.0),
    load=ClosedLoad(4, duration_s=(REQUESTS - WARMUP) * EVERY_MS / 1e3),
    caveats=frozenset({"errors"}),
)
ERRORS = Caveat("errors", "made up")


def truth() -> Log:
    """A request every 2 ms, the first after 1 s, answered after 5 ms; every tenth is dropped."""
    arrived = [1000 * MS + number * EVERY_MS * MS for number in range(REQUESTS)]
    answered = [at + 5 * MS for at in arrived]
    kinds = ["reset" if number % 10 == 9 else "ok" for number in range(REQUESTS)]
    return Log(
        arrived_ns=arrived, due_ns=answered, answered_ns=answered, kinds=kinds, connections=[0] * REQUESTS
    )


def rows(log: Log) -> Samples:
    """What a right engine has: sent 0.1 ms before it arrived, done 0.1 ms after it left."""
    sent = np.array(log.arrived_ns, dtype=np.int64) - MS // 10
    done = np.array(log.answered_ns, dtype=np.int64) + MS // 10
    outcome = np.array([OUTCOMES.index(kind) for kind in log.kinds], dtype=np.int64)
    zeros = np.zeros_like(sent)
    start_ns = int(sent[WARMUP])
    return Samples(
        intended_ns=sent,
        connect_ns=zeros,
        sent_ns=sent,
        first_ns=done,
        done_ns=done,
        label=zeros,
        outcome=outcome,
        worker=zeros,
        labels=("GET /",),
        outcomes=OUTCOMES,
        start_ns=start_ns,
        end_ns=start_ns + (REQUESTS - WARMUP) * EVERY_MS * MS,
    )


def made(samples: Samples, *codes: str, case: Case = CASE) -> Record:
    caveats = tuple(Caveat(code, "made up") for code in codes)
    return replace(record(load=case.load), summary=summarise(samples), caveats=caveats)


def wrong(checks: Sequence[FigureCheck]) -> set[str]:
    return {check.what for check in checks if not check.right}


def test_a_right_engine_is_right() -> None:
    log = truth()
    samples = rows(log)
    checks = {check.what: check for check in compare(CASE, made(samples, "errors"), samples, log)}

    assert wrong(list(checks.values())) == set()
    assert checks["requests"].server == checks["requests"].engine == "1500"
    assert checks["answers"].server == "1350 ok, 150 reset"
    assert checks["measured"].server == "1400"
    assert checks["failed"].engine == "140 reset"
    assert (checks["response p50"].server, checks["response p50"].engine) == ("5.10 ms", "5.20 ms")
    assert checks["service p50"].server == "5.00 ms"
    assert {name for name, check in checks.items() if check.exact} == {
        "requests",
        "answers",
        "measured",
        "failed",
        "errors",
    }


def altered(samples: Samples, **columns: object) -> Samples:
    return replace(samples, **columns)  # type: ignore[arg-type]


def test_answers_noticed_3_ms_late_are_wrong_times() -> None:
    log = truth()
    samples = rows(log)
    late = altered(samples, done_ns=samples.done_ns + 3 * MS)

    assert wrong(compare(CASE, made(late, "errors"), late, log)) == {
        "response p50",
        "response p90",
        "response p99",
        "response max",
        "service p50",
        "service p90",
    }


def test_a_busy_machine_excuses_times_but_not_the_native_median() -> None:
    log = truth()
    samples = rows(log)
    checks = {
        engine: {
            check.what for check in compare(case, made(samples, "errors"), samples, log) if check.disturbed
        }
        for engine in ("native", "locust")
        for case in [replace(CASE, engine=engine)]
    }

    assert {"response p90", "response p99", "response max", "service p90", "throughput"} <= checks["native"]
    assert checks["locust"] - checks["native"] == {"response p50", "service p50"}
    assert "caveats due" not in checks["locust"]


def test_answers_before_they_left_are_wrong_times() -> None:
    log = truth()
    samples = rows(log)
    early = altered(samples, done_ns=samples.done_ns - MS // 2)

    assert "response p50" in wrong(compare(CASE, made(early, "errors"), early, log))


def test_a_failure_called_good_is_a_wrong_count() -> None:
    log = truth()
    samples = rows(log)
    blind = altered(samples, outcome=np.zeros_like(samples.outcome))
    off = wrong(compare(CASE, made(blind, "errors"), blind, log))

    assert {"answers"} <= off
    assert "throughput" in off


def test_requests_without_a_row_are_a_wrong_count() -> None:
    log = truth()
    samples = rows(log)
    without = samples.rows(samples.outcome == 0)

    assert {"requests", "answers"} <= wrong(compare(CASE, made(without), without, log))


def test_one_request_counted_twice_is_a_wrong_count() -> None:
    log = truth()
    samples = rows(log)
    twice = samples.rows(np.ones(REQUESTS, dtype=bool))
    doubled = {
        field.name: np.append(getattr(twice, field.name), getattr(twice, field.name)[-1:])
        for field in fields(Samples)
        if isinstance(getattr(twice, field.name), np.ndarray)
    }
    twice = altered(twice, **doubled)

    assert {"requests", "answers"} <= wrong(compare(CASE, made(twice, "errors"), twice, log))


def test_a_summary_that_holds_the_warm_up_is_wrong() -> None:
    log = truth()
    samples = rows(log)
    all_of_it = made(altered(samples, start_ns=samples.start_ns - WARMUP * EVERY_MS * MS), "errors")

    assert {"measured", "failed", "errors"} <= wrong(compare(CASE, all_of_it, samples, log))


def test_the_server_s_own_stall_is_no_fault_of_the_engine() -> None:
    """A request that it read 8 ms after it came, held up: the engine's largest time is 8 ms more than the server's."""
    log = truth()
    samples = rows(log)
    done = samples.done_ns.copy()
    done[700] += 8 * MS
    held_up = altered(samples, done_ns=done)
    stalls = ((log.arrived_ns[700] - 9 * MS, log.arrived_ns[700]),)

    assert wrong(compare(CASE, made(held_up, "errors"), held_up, log)) == {"response max"}
    assert wrong(compare(CASE, made(held_up, "errors"), held_up, replace(log, stalls=stalls))) == set()


CODES = {
    "one is missing": ((), {"caveats due"}),
    "one too many": (("errors", "lag"), {"other caveats"}),
    "of the machine": (("errors", "other-load", "steal"), set()),
    "one for the other": (("drift",), {"caveats due", "other caveats"}),
}


@pytest.mark.parametrize(("codes", "off"), CODES.values(), ids=CODES)
def test_caveats_are_those_that_are_due(codes: tuple[str, ...], off: set[str]) -> None:
    log = truth()
    samples = rows(log)

    assert wrong(compare(CASE, made(samples, *codes), samples, log)) == off


def served(first: int, last: int) -> Log:
    """So many good answers in the first and in the last of three seconds, and a thousand in between, evenly."""
    answered = [
        round((second + (number + 0.5) / count) * 1000 * MS)
        for second, count in ((1, first), (2, 1000), (3, last))
        for number in range(count)
    ]
    count = len(answered)
    return Log(
        arrived_ns=answered,
        due_ns=answered,
        answered_ns=answered,
        kinds=["ok"] * count,
        connections=[0] * count,
    )


@pytest.mark.parametrize(
    ("first", "last", "drifted"),
    [(1000, 1000, False), (1000, 930, False), (1000, 1070, False), (1000, 890, True), (1000, 1110, True)],
)
def test_a_drift_of_an_even_server_is_right_where_its_own_log_has_it(
    first: int, last: int, drifted: bool
) -> None:
    log = served(first, last)
    samples = altered(rows(log), start_ns=1000 * MS, end_ns=4000 * MS)
    case = replace(CASE, behaviour=Constant(), caveats=frozenset())

    assert has_drifted(samples, log) == drifted
    assert ("other caveats" not in wrong(compare(case, made(samples, "drift"), samples, log))) == drifted


def test_a_drift_that_is_due_must_be_found() -> None:
    log = served(1000, 500)
    samples = altered(rows(log), start_ns=1000 * MS, end_ns=4000 * MS)
    case = replace(CASE, behaviour=Constant(), caveats=frozenset({"drift"}))

    assert "caveats due" not in wrong(compare(case, made(samples, "drift"), samples, log))
    assert "caveats due" in wrong(compare(case, made(samples), samples, log))


def test_few_samples_is_due_where_they_are_few() -> None:
    log = truth()
    samples = rows(log)
    short = altered(samples, end_ns=samples.start_ns + 900 * EVERY_MS * MS)

    assert wrong(compare(CASE, made(short, "errors"), short, log)) == {"caveats due"}
    assert wrong(compare(CASE, made(short, "errors", "few-samples"), short, log)) == set()


def test_a_queue_is_compared_with_theory_in_open_loops_only() -> None:
    """5 ms for all are no M/D/1 of 2 ms that is half loaded: 3 ms on average, never twice that in 1,400 requests."""
    log = truth()
    samples = rows(log)
    queue = replace(CASE, behaviour=Queue(2.0, "constant"), load=OpenLoad(250.0, CASE.load.duration_s))

    assert "theory mean" in wrong(compare(queue, made(samples, "errors", case=queue), samples, log))
    closed = replace(queue, load=CASE.load)
    assert wrong(compare(closed, made(samples, "errors"), samples, log)) == set()


def test_a_frozen_share_is_the_freezes_over_the_measured_part() -> None:
    """0.28 s frozen of 2.8 s, one freeze beginning before the measured part and one ending after it: 10 %."""
    log = truth()
    samples = rows(log)
    begin, end = samples.start_ns, samples.end_ns
    frozen = replace(log, freezes=((begin - 100 * MS, begin + 140 * MS), (end - 140 * MS, end + 100 * MS)))
    case = replace(CASE, behaviour=Freezing(1.0, 0.9, 1.5, 0.3))
    checks = {check.what: check for check in compare(case, made(samples, "errors"), samples, frozen)}

    assert (checks["stalled"].server, checks["stalled"].engine) == ("10.0%", "0.0%")
    assert not checks["stalled"].right


def test_quantiles_lie_between_the_two_nearest() -> None:
    assert quantile([1.0, 2.0, 3.0, 5.0], 0.5) == 2.5
    assert quantile([1.0, 2.0, 3.0, 5.0], 1.0) == 5.0
    assert quantile([7.0], 0.99) == 7.0
    assert np.isnan(quantile([], 0.5))
