"""Caveats by hand, and the rows that each leaves open."""

from __future__ import annotations

import math

import pytest

from bench.gates.paired.caveats import Conditions, PairedCaveat, find_caveats, open_doubtful, worst
from bench.gates.paired.observation import ArmSummary, Observation
from bench.model.change import Change, Verdict
from bench.system.cpus import Shared
from tests.bench.gates.paired.rig import pair


def codes(
    seen: dict[str, list[Observation]], *looks: Conditions, shared: Shared = ""
) -> list[tuple[str, str | None]]:
    return [(one.code, one.scenario) for one in find_caveats(seen, looks, shared=shared)]


def late(late_p99_ms: float, p50_ms: float) -> list[Observation]:
    summary = ArmSummary(
        p50_ms=p50_ms, p99_ms=2 * p50_ms, errors=0, requests=100, faults=(), late_p99_ms=late_p99_ms
    )
    return [Observation((), summary, summary)] * 8


def test_a_quiet_comparison_has_no_caveats() -> None:
    assert codes({"one": [pair()] * 8}, Conditions(0.019, 0.019, 0.09, 0.09)) == []


@pytest.mark.parametrize(
    ("conditions", "code", "share"),
    [
        pytest.param(Conditions(steal_of_server=0.03), "steal", "3.0%", id="stolen from the servers"),
        pytest.param(Conditions(steal_of_gate=0.03), "steal", "3.0%", id="stolen from the gate"),
        pytest.param(Conditions(others_of_server=0.2), "other-load", "20%", id="load next to the servers"),
        pytest.param(Conditions(others_of_gate=0.2), "other-load", "20%", id="load next to the gate"),
    ],
)
def test_either_side_is_looked_at_and_one_look_is_enough(
    conditions: Conditions, code: str, share: str
) -> None:
    (found,) = find_caveats({"one": [pair()] * 8}, [Conditions(), conditions, Conditions()], shared="")
    assert found.code == code
    assert share in found.text
    assert ("server" in found.text) is (conditions.steal_of_server + conditions.others_of_server > 0)
    assert found.metrics == ()  # a note, no more


def test_the_worst_is_taken_of_each_figure() -> None:
    assert worst([Conditions(0.1, 0.0, 0.2, 0.0), Conditions(0.0, 0.3, 0.1, 0.4)]) == Conditions(
        0.1, 0.3, 0.2, 0.4
    )
    assert worst([]) == Conditions()


def test_half_of_one_side_leaves_wall_times_open() -> None:
    (found,) = find_caveats({}, [Conditions(others_of_gate=0.51)], shared="")
    assert set(found.metrics) == {"throughput", "p50", "p99"}


@pytest.mark.parametrize(
    ("late_p99_ms", "p50_ms", "doubtful"),
    [
        pytest.param(0.45, 1.0, False, id="below half a millisecond"),
        pytest.param(0.55, 1.0, True, id="above it, and above a tenth of the response"),
        pytest.param(0.55, 6.0, False, id="less than a tenth of the response"),
    ],
)
def test_when_requests_left_late(late_p99_ms: float, p50_ms: float, doubtful: bool) -> None:
    assert codes({"one": late(late_p99_ms, p50_ms)}) == ([("lag", "one")] if doubtful else [])


def test_the_gate_is_the_limit_where_both_sides_filled_its_core() -> None:
    full, free = pair(own_share=0.85), pair(own_share=0.5)
    turn = full.turns[0]
    mixed = Observation((type(turn)(turn.base, free.turns[0].head),), full.base, full.head)
    assert codes({"one": [full] * 8, "two": [mixed] * 8, "three": [free] * 8}) == [
        ("generator-saturated", "one")
    ]


def row(verdict: Verdict, metric: str = "throughput", name: str = "one") -> Change:
    return Change(name, metric, verdict, ratio=math.exp(0.1), beside=metric == "p99")


@pytest.mark.parametrize(
    ("verdict", "counts"),
    [
        pytest.param("regressed", True, id="what seems worse waits for the reader"),
        pytest.param("improved", True, id="and what seems better"),
        pytest.param("no change", False, id="but CPU per request may prove that nothing changed"),
        pytest.param("inconclusive", False, id="or leave it open itself"),
    ],
)
def test_throughput_that_is_the_gates_own_is_no_verdict_of_the_server(verdict: Verdict, counts: bool) -> None:
    found = find_caveats({"one": [pair(own_share=0.9)] * 8}, [], shared="")
    opened = open_doubtful([row(verdict), row("regressed", "cpu"), row("regressed", name="two")], found)
    assert [one.verdict for one in opened] == ["inconclusive", "regressed", "regressed"]
    assert opened[0].counts is counts
    assert opened[0].why == (found[0].text,)


def test_one_cpu_leaves_times_open_but_no_facts() -> None:
    found = find_caveats({}, [], shared="cpu")
    metrics = ("cpu", "throughput", "p50", "p99", "memory", "errors")
    opened = open_doubtful([row("regressed", metric) for metric in metrics], found)
    assert [one.verdict for one in opened] == ["inconclusive"] * 4 + ["regressed"] * 2


def test_a_note_changes_no_row() -> None:
    assert open_doubtful([row("regressed")], [PairedCaveat("steal", "some")]) == [row("regressed")]


def test_two_hyperthreads_of_a_core_are_a_note_that_leaves_no_row_open() -> None:
    (found,) = find_caveats({}, [], shared="core")
    assert (found.code, found.metrics) == ("shared-core", ())
