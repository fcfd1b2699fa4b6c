from __future__ import annotations

from tests.tools.calibration.core_runs import by_size, core_run, said, standing
from tools.calibration.core_page import core_sections
from tools.calibration.core_run import BurnPrice, CoreRun, Said
from tools.calibration.page import page


def text_of(*runs: CoreRun, prices: tuple[BurnPrice, ...] = ()) -> str:
    return "\n\n".join(core_sections(runs, prices))


def rows(text: str, start: str) -> list[list[str]]:
    """The entries of the lines of tables that begin so."""
    found = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return [[entry.strip() for entry in line.strip("|").split("|")] for line in found]


def test_without_runs_the_page_says_nothing_of_the_core() -> None:
    assert text_of() == ""
    assert "The core" not in page([], [])
    assert "The core" in page([], [], [core_run(said("plus3", "worse"))])


def test_one_of_twenty_that_declares_a_difference_is_the_most() -> None:
    quiet = [core_run(standing("s1", "best"), check="core-same", number=at) for at in range(20)]
    loud = [core_run(standing("s2", "worse", 1.04), check="core-same", number=at) for at in range(2)]
    ((_, runs, hits, bound, target),) = rows(text_of(*loud[:1], *quiet[1:]), "6 rounds, 1 min")
    assert (runs, hits, bound, target) == ("20", "1 of 20", "21.6%", "reached")
    missed = text_of(*loud, *quiet[2:])
    assert rows(missed, "6 rounds, 1 min")[0][-1] == "missed"
    assert "- run 2: s2, CPU +4.00% against the best" in missed


def test_nineteen_at_five_percent_and_sixteen_at_three_reach_the_targets() -> None:
    shown = [by_size(1.03, 1.05, 1.10, number=at) for at in range(20)]
    unshown = [by_size(1.03, 1.05, 1.10, verdict="unresolved", number=at) for at in range(20)]
    plus3, plus5, plus10, order = rows(text_of(*shown[:18], *unshown[18:]), "core-order")[:4]
    assert plus3[2:] == ["+3%", "18 of 20", "71.7%", "20 of 20", "+3.00 % (+3.00 to +3.00)", "reached"]
    assert (plus5[-1], plus10[-1]) == ("missed", "")
    assert order[2:] == ["20 of 20", "0 of 20", "13.9%", "reached"]


def test_few_or_short_runs_decide_no_target() -> None:
    few = [by_size(1.03, 1.05, 1.10, number=at) for at in range(19)]
    short = [by_size(1.03, 1.05, 1.10, number=at, minutes=0.3) for at in range(20)]
    for runs in (few, short):
        assert rows(text_of(*runs), "core-order")[0][-1] == "takes 20 runs of the usual length"


def test_a_wrong_verdict_beside_a_neighbour_is_named() -> None:
    runs = [by_size(1.03, 1.05, 1.10, check="core-neighbour", number=at) for at in range(19)]
    wrong = core_run(said("plus3", "better", 0.95), check="core-neighbour", number=19)
    text = text_of(*runs, wrong)
    assert rows(text, "core-neighbour")[3][3:] == ["1 of 20", "21.6%", "missed"]
    assert "- core-neighbour, run 20: plus3 against base, CPU: better, -5.00%" in text


def test_three_default_runs_that_agree_on_nine_of_ten() -> None:
    alike = [said(f"h{at}", "worse", 1.2) for at in range(9)]
    verdicts: tuple[Said, ...] = ("worse", "unresolved", "worse")
    runs = [
        core_run(*alike, said("h9", verdict), check="core-default", number=at, rounds=None, minutes=None)
        for at, verdict in enumerate(verdicts)
    ]
    row = rows(text_of(*runs), "the plan's length")[0]
    assert row == ["the plan's length", "3", "0", "9 of 10 (90%)", "0 of 0", "29 of 30 (97%)", "reached"]
    better = core_run(*alike, said("h9", "better"), check="core-default", number=1, rounds=None, minutes=None)
    text = text_of(runs[0], better, runs[2])
    assert (rows(text, "the plan's length")[0][2], rows(text, "the plan's length")[0][-1]) == ("1", "missed")
    assert "h9 against base, CPU" in text


def test_widths_and_time_of_each_check() -> None:
    run = core_run(said("plus3", "worse", reach=0.01), said("plus5", "worse", reach=0.03), invalid=("plus3",))
    *_, row = rows(text_of(run), "core-order")
    assert row[2:] == ["1", "", "", "2.0%", "3.0%", "80", "80", "50%", "1 of 1"]


def test_prices_and_failures_are_told() -> None:
    price = BurnPrice(request_us=60.0, turn_us=0.01, commit="abc", machine="a machine")
    text = text_of(core_run(error="bench: no | luck", status=2), prices=(price,))
    assert "60.0 µs of CPU time, a turn of its loop 10.0 ns" in text
    assert "- core-order, run 1, status 2: bench: no" in text
