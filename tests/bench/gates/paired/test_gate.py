"""The rules of a comparison, with made-up pairs and without servers."""

from __future__ import annotations

import math
from random import Random

import pytest

from bench.gates.paired.caveats import Conditions
from bench.gates.paired.design import ALPHA_LOOK, CONTROL, TurnPlan
from bench.gates.paired.observation import Observation
from bench.gates.paired.rig import Faults
from bench.model.change import Change, Judgement
from bench.stats.signed_rank import p_above, p_value
from tests.bench.gates.paired.rig import MadeUp, Making, compared, pair


def rows(judgement: Judgement, name: str = "one") -> dict[str, Change]:
    return {one.metric: one for one in judgement.changes if one.name == name}


def calm(place: int) -> float:
    """About nothing, in either direction by turns, no two the same."""
    return (-1.0) ** place * 0.001 * (1 + place / 10)


def steady(look: int, name: str, place: int) -> Observation:
    return pair(cpu=calm(place), throughput=calm(place + 1), latency=(calm(place), calm(place)))


def slower(names: tuple[str, ...] = ("one",), by: float = 0.2) -> Making:
    """A head that uses more CPU under these scenarios, in every look."""

    def make(look: int, name: str, place: int) -> Observation:
        return pair(cpu=(by if name in names else 0.0) + calm(place), throughput=calm(place))

    return make


# --- looks


def test_what_is_proved_by_the_first_look_needs_no_other() -> None:
    rig = MadeUp(steady)
    judgement = compared(rig)
    assert rig.looks == [("one",)]
    assert {one.verdict for one in judgement.changes} == {"no change"}


def test_what_stays_open_is_looked_at_three_times_and_what_is_decided_no_more() -> None:
    def make(look: int, name: str, place: int) -> Observation:
        return pair(cpu=(-1) ** place * (0.2 + place / 100)) if name == "wild" else steady(look, name, place)

    rig = MadeUp(make, names=("calm", "wild"))
    judgement = compared(rig)
    assert rig.looks == [("calm", "wild"), ("wild",), ("wild",)]
    assert rows(judgement, "wild")["cpu"].verdict == "inconclusive"
    assert rows(judgement, "calm")["cpu"].verdict == "no change"


def test_a_change_is_looked_at_and_confirmed_and_then_nothing_more() -> None:
    rig = MadeUp(slower())
    judgement = compared(rig)
    assert rig.looks == [("one",), ("one",)]
    assert (rows(judgement)["cpu"].verdict, judgement.status("fail")) == ("regressed", 1)


def test_only_suspects_are_confirmed() -> None:
    rig = MadeUp(slower(("two",)), names=("one", "two", "three"))
    compared(rig, pairs=10)
    assert rig.looks == [("one", "two", "three"), ("two",)]


# --- confirmation


def test_the_pairs_that_raised_a_suspicion_do_not_confirm_it() -> None:
    """All sixteen pairs together are evidence enough, and the first eight alone; the fresh eight are none."""
    suspicious = [0.2 + calm(place) for place in range(8)]
    fresh = [0.02, -0.021, 0.022, -0.023, 0.024, -0.025, 0.026, -0.027]
    assert p_value(suspicious) <= ALPHA_LOOK
    assert p_value(suspicious + fresh) <= ALPHA_LOOK
    assert p_above(fresh) > 0.05

    def make(look: int, name: str, place: int) -> Observation:
        return pair(cpu=fresh[place] if look else suspicious[place], throughput=calm(place))

    rig = MadeUp(make)
    assert rows(compared(rig))["cpu"].verdict == "inconclusive"
    assert len(rig.looks) > 2


def test_a_look_is_confirmed_by_the_pairs_that_were_started_for_it() -> None:
    """The first look showed nothing; the second raises a suspicion, and only the third set of pairs counts for it."""
    by_look = [0.0, 0.3, 0.0]

    def make(look: int, name: str, place: int) -> Observation:
        noise = (-1) ** place * (0.03 + place / 1000)
        return pair(cpu=by_look[min(look, 2)] + noise, throughput=calm(place))

    assert rows(compared(MadeUp(make)))["cpu"].verdict != "regressed"


@pytest.mark.parametrize(
    ("fresh", "verdict"),
    [
        pytest.param([0.3 + calm(place) for place in range(8)], "regressed", id="again"),
        pytest.param([2 * calm(place) for place in range(8)], "inconclusive", id="gone"),
    ],
)
def test_more_memory_is_confirmed_by_fresh_pairs_as_well(fresh: list[float], verdict: str) -> None:
    suspicious = [0.3 + calm(place) for place in range(8)]
    assert p_value(suspicious + fresh) <= ALPHA_LOOK
    rig = MadeUp(steady, more_memory=lambda look, place: (fresh if look else suspicious)[place])
    judgement = compared(rig)
    assert rig.looks == [("one",), ("one",)]
    assert rows(judgement)["memory"].verdict == verdict


# --- errors


def test_a_head_with_a_steady_one_per_cent_of_failures_is_found() -> None:
    rng = Random(2)

    def make(look: int, name: str, place: int) -> Observation:
        failed = sum(rng.random() < 0.01 for _ in range(1000)) if name == "two" else 0
        return pair(cpu=calm(place), throughput=calm(place), errors=(0, failed))

    rig = MadeUp(make, names=("one", "two", "three"))
    judgement = compared(rig)
    assert rows(judgement, "two")["errors"].verdict == "regressed"
    assert rig.looks == [("one", "two", "three"), ("two",)]
    assert [one.name for one in judgement.changes if one.metric == "errors"] == ["two"]


def test_a_burst_of_errors_in_one_pair_is_never_red() -> None:
    def make(look: int, name: str, place: int) -> Observation:
        return pair(
            cpu=calm(place), throughput=calm(place), errors=(0, 800 if name == "one" and place == 3 else 0)
        )

    rig = MadeUp(make)
    found = rows(compared(rig))["errors"]
    assert (found.verdict, found.base, found.head) == ("inconclusive", 0, 2400)
    assert len(rig.looks) == 3


def test_errors_that_fresh_pairs_do_not_show_are_not_red() -> None:
    def make(look: int, name: str, place: int) -> Observation:
        return pair(
            cpu=calm(place), throughput=calm(place), errors=(0, 8 if name == "one" and not look else 0)
        )

    rig = MadeUp(make)
    assert rows(compared(rig))["errors"].verdict == "inconclusive"
    assert (
        len(rig.looks) == 6
    )  # ties are dropped: eight of eight remain, and fail to be confirmed three times


# --- several scenarios


def test_scenarios_that_are_decided_count_for_the_level_of_what_is_left() -> None:
    """The second look of what is left is evidence alone, but not among three scenarios of which two are decided."""
    first = [(-1) ** place * (0.05 + place / 100) for place in range(8)]
    later = [0.2 + calm(place) for place in range(8)]
    assert ALPHA_LOOK / 3 < p_value(first + later) <= ALPHA_LOOK

    def make(look: int, name: str, place: int) -> Observation:
        if name != "late":
            return steady(look, name, place)
        return pair(cpu=(later if look else first)[place], throughput=calm(place))

    alone, among = MadeUp(make, names=("late",)), MadeUp(make, names=("a", "b", "late"))
    found = [rows(compared(rig), "late")["cpu"].verdict for rig in (alone, among)]
    assert found == ["regressed", "regressed"]
    assert alone.looks == [("late",)] * 3  # two looks, and a confirmation
    assert among.looks == [("a", "b", "late"), *[("late",)] * 3]  # three looks, and a confirmation


# --- what is drawn


def test_every_pair_of_every_look_has_a_hash_seed_of_its_own() -> None:
    rig = MadeUp(slower())
    compared(rig)
    drawn = [seed for seeds in rig.hash_seeds for seed in seeds]
    assert [len(seeds) for seeds in rig.hash_seeds] == [1, 8, 8]
    assert len(set(drawn)) == len(drawn)


def test_every_look_has_orders_and_arrivals_of_its_own_and_the_same_seed_draws_them_again() -> None:
    rigs = [MadeUp(slower()) for _ in range(3)]
    for rig, seed in zip(rigs, (5, 5, 6), strict=True):
        compared(rig, seed=seed)
    assert (rigs[0].seeds, rigs[0].hash_seeds) == (rigs[1].seeds, rigs[1].hash_seeds)
    assert rigs[0].seeds != rigs[2].seeds
    assert len(set(rigs[0].seeds)) == 2


def test_sizes_are_fixed_by_the_rehearsal() -> None:
    sizes: list[dict[str, TurnPlan]] = []
    rig = MadeUp(slower())
    looked = rig.look
    rig.look = lambda of, seeds, seed: (sizes.append(dict(of)), looked(of, seeds, seed))[1]  # type: ignore[method-assign,func-returns-value,assignment]
    compared(rig)
    assert sizes[0] == sizes[1]
    assert math.isclose(sizes[0]["one"].rate_per_s, 500.0)


def test_the_notes_say_the_seed_and_what_the_rehearsal_noted() -> None:
    judgement = compared(MadeUp(steady), seed=4711)
    assert judgement.notes[0] == "a note of the rehearsal"
    assert "4711" in judgement.notes[-1]


# --- answers


@pytest.mark.parametrize(
    ("rehearsed", "fresh", "verdict", "measured"),
    [
        pytest.param(
            Faults(head="no"), [Faults(head="no")] * 8, "regressed", False, id="the head, every time"
        ),
        pytest.param(
            Faults(head="no"),
            [*[Faults(head="no")] * 7, Faults()],
            "no change",
            True,
            id="the head, once not",
        ),
        pytest.param(
            Faults(head="no"),
            [*[Faults(head="no")] * 7, Faults("no", "no")],
            "no change",
            True,
            id="the base as well, once",
        ),
        pytest.param(Faults(base="no"), [], "inconclusive", False, id="the base"),
        pytest.param(Faults("no", "no"), [], "inconclusive", False, id="both"),
    ],
)
def test_wrong_answers_of_the_head_are_confirmed_before_they_are_a_regression(
    rehearsed: Faults, fresh: list[Faults], verdict: str, measured: bool
) -> None:
    rig = MadeUp(steady, names=("one", "two"), faults={"one": rehearsed}, fresh_faults={"one": fresh})
    found = rows(compared(rig))
    assert {one.verdict for one in found.values()} == {verdict}
    assert rig.looks == [("one", "two") if measured else ("two",)]
    assert [len(seeds) for seeds in rig.hash_seeds] == ([1, 8, 8] if fresh else [1, 8])


# --- the control, and what else is doubtful


def test_a_control_that_moves_leaves_what_seems_to_have_changed_open() -> None:
    def make(look: int, name: str, place: int) -> Observation:
        return pair(cpu=(0.1 if name == "one" else 0.08) + calm(place), throughput=calm(place))

    judgement = compared(MadeUp(make))
    assert (rows(judgement)["cpu"].verdict, judgement.status("fail")) == ("inconclusive", 3)


def test_a_control_that_fails_leaves_what_seems_to_have_changed_open() -> None:
    def make(look: int, name: str, place: int) -> Observation:
        failed = (1, 0) if name == CONTROL and place == 2 else (0, 0)
        return pair(cpu=(0.2 if name == "one" else 0.0) + calm(place), throughput=calm(place), errors=failed)

    assert rows(compared(MadeUp(make)))["cpu"].verdict == "inconclusive"


@pytest.mark.parametrize(
    ("one_cpu", "conditions", "cpu"),
    [
        pytest.param(True, Conditions(), "inconclusive", id="one CPU"),
        pytest.param(False, Conditions(others_of_server=0.6), "regressed", id="others on the servers' CPUs"),
        pytest.param(False, Conditions(others_of_gate=0.6), "regressed", id="others on the gate's"),
    ],
)
def test_what_spoils_times_leaves_them_open_and_says_why(
    one_cpu: bool, conditions: Conditions, cpu: str
) -> None:
    def make(look: int, name: str, place: int) -> Observation:
        by = 0.2 if name == "one" else 0.0
        return pair(cpu=by + calm(place), throughput=calm(place) - by, latency=(by + calm(place), by))

    quiet = rows(compared(MadeUp(make)))
    judgement = compared(MadeUp(make, shared="cpu" if one_cpu else "", conditions=conditions))
    found = rows(judgement)
    assert quiet["throughput"].verdict == "regressed"
    assert {found[metric].verdict for metric in ("throughput", "p50", "p99")} == {"inconclusive"}
    assert (found["cpu"].verdict, found["memory"].verdict) == (cpu, "no change")
    assert found["throughput"].why[-1] in judgement.notes
    assert judgement.status("fail") == (1 if cpu == "regressed" else 3)


def test_failed_requests_are_facts_whatever_the_machine_does() -> None:
    def make(look: int, name: str, place: int) -> Observation:
        return pair(cpu=calm(place), throughput=calm(place), errors=(0, 50 if name == "one" else 0))

    judgement = compared(MadeUp(make, shared="cpu"))
    assert (rows(judgement)["errors"].verdict, judgement.status("fail")) == ("regressed", 1)
