"""When and how each behaviour answers, by numbers worked out by hand. Times in milliseconds from the first request."""

from __future__ import annotations

import statistics

import pytest

from bench.machine.selftest.behaviours import (
    Behaviour,
    Bimodal,
    Closing,
    Constant,
    Dribbling,
    Drifting,
    Faulty,
    Freezing,
    Queue,
    Reply,
    decode,
    encode,
)
from bench.machine.selftest.cases import CASES

MS = 1_000_000
START_NS = 7_000 * MS


def answers(behaviour: Behaviour, *arrived_ms: float) -> list[Reply]:
    decide = behaviour.start(START_NS)
    return [decide(number, START_NS + round(ms * MS)) for number, ms in enumerate(arrived_ms)]


def due_ms(behaviour: Behaviour, *arrived_ms: float) -> list[float]:
    return [(answer.due_ns - START_NS) / MS for answer in answers(behaviour, *arrived_ms)]


def test_a_constant_service_knows_no_queue() -> None:
    assert due_ms(Constant(5.0), 0, 0, 3) == [5, 5, 8]
    assert due_ms(Constant(), 0, 1) == [0, 1]


def test_a_queue_takes_one_after_the_other() -> None:
    """The second waits for the first, the third finds nobody, the fourth waits for half a service."""
    assert due_ms(Queue(2.0, "constant"), 0, 1, 10, 11) == [2, 4, 12, 14]


def test_exponential_services_have_their_mean_and_spread() -> None:
    """Far apart, so that nobody waits: mean and standard deviation are one and the same."""
    arrived = [1000.0 * number for number in range(5000)]
    took = [due - at for due, at in zip(due_ms(Queue(2.0, "exponential"), *arrived), arrived, strict=True)]

    assert statistics.fmean(took) == pytest.approx(2.0, rel=0.05)
    assert statistics.stdev(took) == pytest.approx(2.0, rel=0.08)


FREEZING = Freezing(service_ms=1.0, first_s=0.9, every_s=1.5, for_s=0.3)


def test_what_falls_into_a_freeze_waits_for_its_end() -> None:
    arrived = (0, 898, 899, 1000, 1198, 1199, 2399, 2600)
    assert due_ms(FREEZING, *arrived) == [1, 899, 1200, 1200, 1200, 1200, 2700, 2700]


def test_the_freezes_that_there_were() -> None:
    spans = FREEZING.freezes(START_NS, START_NS + 3000 * MS)
    assert [((begin - START_NS) / MS, (end - START_NS) / MS) for begin, end in spans] == [
        (900, 1200),
        (2400, 2700),
    ]


def test_a_drifting_server_is_slower_from_its_turn_on() -> None:
    assert due_ms(Drifting(2.0, 10.0, after_s=1.0), 0, 999, 1000, 2000) == [2, 1001, 1020, 2020]


def test_shares_are_met() -> None:
    many = [float(number) for number in range(20_000)]
    faulty = answers(Faulty(2.0, "reset", 0.3), *many)
    assert sum(answer.kind == "reset" for answer in faulty) == pytest.approx(6000, rel=0.03)
    assert {answer.kind for answer in faulty} == {"reset", "ok"}

    slow = [due - at for due, at in zip(due_ms(Bimodal(2.0, 50.0, 0.02), *many), many, strict=True)]
    assert sum(took == 50 for took in slow) == pytest.approx(400, rel=0.15)
    assert set(slow) == {2, 50}


def test_what_dribbles_and_what_closes_says_so() -> None:
    (dribbled,) = answers(Dribbling(4, 20.0), 0)
    assert (dribbled.pieces, dribbled.over_ns) == (4, 20 * MS)
    (closed,) = answers(Closing(2.0, announced=False), 0)
    assert (closed.close, closed.announced) == (True, False)


@pytest.mark.parametrize("behaviour", dict.fromkeys(case.behaviour for case in CASES), ids=encode)
def test_a_behaviour_survives_its_command_line(behaviour: Behaviour) -> None:
    assert decode(encode(behaviour)) == behaviour
