from __future__ import annotations

from tests.tools.calibration.runs import row, trial
from tools.calibration.gate_run import Price
from tools.calibration.page import page

PRICES = [
    Price(
        gate="exact",
        scenario="noop-async",
        request=200_000.0,
        turn=25.0,
        commit="abc",
        machine="a machine",
        empty=300.0,
    ),
    Price(
        gate="paired",
        scenario="noop-async",
        request=100.0,
        turn=0.02,
        commit="abc",
        machine="a machine",
        alone=0.019,
    ),
]


def cells(text: str, start: str) -> list[str]:
    """The entries of the one line of a table that begins so."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [entry.strip() for entry in line.strip("|").split("|")]


def test_ten_quiet_runs_of_four_scenarios_bound_how_often_a_run_is_wrong() -> None:
    names = ("noop-async", "noop-sync", "json-model", "db-orm-async")
    runs = [
        trial(*(row(name, "no change") for name in names), scenarios=names, number=number)
        for number in range(10)
    ]
    said = cells(page(runs, []), "bench ab | A/A")
    assert said == ["bench ab", "A/A", "40", "10", "0", "25.9%", "40", "0", "0", "0", "40", "100", "100"]


def test_untouched_scenarios_beside_a_fault_are_counted_by_themselves() -> None:
    runs = [
        trial(row("noop-async", "no change"), row("json-model", "no change")),
        trial(
            row("noop-async", "regressed", 1.05),
            row("json-model", "no change"),
            fault="cpu-5",
            spoiled=("noop-async",),
            status=1,
        ),
    ]
    text = page(runs, [])
    assert cells(text, "bench ab | A/A")[3:11] == ["1", "0", "95.0%", "2", "0", "0", "0", "2"]
    assert cells(text, "bench ab | the rest")[3:11] == ["1", "0", "95.0%", "1", "0", "0", "0", "1"]


def test_a_false_alarm_is_named_with_what_it_was() -> None:
    text = page([trial(row("noop-async", "regressed", 1.0312), status=1)], [])
    assert "bench ab, comments and docstrings only: noop-async, cpu +3.12%" in text
    assert cells(text, "comments and docstrings only")[1:] == ["not run", "1 of 2 called worse"]


def test_twenty_of_twenty_and_how_they_were_seen() -> None:
    runs = [
        trial(
            row("noop-async", "regressed", 1.04 + number / 1000),
            row("noop-async", "regressed", 0.95, "throughput"),
            row("json-model", "no change"),
            fault="cpu-5",
            spoiled=("noop-async",),
            number=number,
            status=1,
        )
        for number in range(20)
    ]
    text = page(runs, [])
    assert cells(text, "+5 % CPU in a handler | 40") == [
        "+5 % CPU in a handler",
        "40",
        "20 of 20",
        "86.1%",
        "",
        "cpu 20, throughput 20",
        "+4.95 % (+4.00 to +5.90)",
        "2.0%",
        "0 of 20",
        "100",
        "100",
    ]
    assert cells(text, "+5 % CPU in a handler | not run")[2] == (
        "found 20 of 20 (measured +4.95 %), by cpu, throughput"
    )


def test_what_one_gate_does_not_see_is_said() -> None:
    runs = [
        trial(
            row("io-async", "improved", 0.97, "instructions"),
            fault="blocking",
            gate="exact",
            seconds=None,
            spoiled=("io-async",),
            scenarios=("io-async",),
        ),
        trial(
            row("io-async", "regressed", 0.1, "throughput"), fault="blocking", spoiled=("io-async",), status=1
        ),
    ]
    said = cells(
        page(runs, []), "10 ms that block the event loop instead of being awaited | found 0 of 1; improved 1"
    )
    assert said[1:] == ["found 0 of 1; improved 1", "found 1 of 1, by throughput"]


def test_a_percentage_is_another_loop_for_each_gate() -> None:
    text = page([], PRICES)
    assert cells(text, "noop-async") == [
        "noop-async",
        "200,000",
        "25.0",
        "300",
        "388",
        "100",
        "20.0",
        "19.0",
        "250",
    ]


def test_runs_without_a_verdict_are_shown_and_count_for_nothing() -> None:
    text = page([trial(status=2, error="bench: no *luck*")], [])
    assert "run 1, status 2: bench: no \\*luck\\*" in text
    assert cells(text, "comments and docstrings only")[1:] == ["not run", "not run"]
