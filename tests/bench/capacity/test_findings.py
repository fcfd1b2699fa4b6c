"""What a run about limits is said to show."""

from __future__ import annotations

from dataclasses import replace

from bench.model.plan import ClosedLoad, OpenLoad, Setup
from bench.model.record import Caveat, Run
from tests.bench.builders import findings, repeats, run
from tests.bench.capacity.searches import search


def titles(made: Run) -> list[str]:
    return [finding.title for finding in findings(made)]


def test_the_capacity_comes_first_with_why_it_is_no_higher() -> None:
    first = findings(search())[0]
    assert first.title == "uvicorn holds 560 arrivals/s"
    assert (
        "io-async, with p99<50ms and errors<0.1%: held in 2 of 3 trials of 12 s on a fresh server."
        in first.text
    )
    assert (
        "600 arrivals/s held in 0 of 2 trials of 12 s: p99 700 ms (p99<50ms), rate-not-reached." in first.text
    )
    assert first.figures[:3] == (
        "560 arrivals/s: held in 2 of 3 trials of 12 s, median p99 20.0 ms",
        "600 arrivals/s: held in 0 of 2 trials of 12 s, median p99 700 ms",
        "560 arrivals/s for 12 s: held, p99 18.0 ms, errors 0 %",
    )
    assert first.figures[-1] == "in a closed loop, 64 users reached 800 requests/s"
    assert first.chart == "capacity"


def test_a_doubt_is_said_once_and_none_of_a_code_is_lost() -> None:
    """Each trial has two doubts of one code, in figures of its own; the second one has another."""
    some: list[tuple[Caveat, ...]] = [
        (Caveat("few-samples", f"p99, {n}"), Caveat("few-samples", f"errors, {n}")) for n in range(3)
    ]
    some[1] = (*some[1], Caveat("lag", "late"))
    made = search()
    long = [one for one in made.records if one.cell.load == OpenLoad(560, 12)]
    doubted = {id(one): replace(one, caveats=caveats) for one, caveats in zip(long, some, strict=True)}
    first = findings(replace(made, records=tuple(doubted.get(id(one), one) for one in made.records)))[0]
    assert first.caveats == (*some[0], Caveat("lag", "late"))


def test_the_knee_and_how_busy_the_server_was() -> None:
    assert titles(search())[1:] == ["The knee is at 560 arrivals/s", "The CPU is not what limits"]
    knee, busy = findings(search())[1:]
    assert knee.figures == ("p99 12.0 ms at 100 arrivals/s", "p99 20.0 ms at 560 arrivals/s")
    assert "the server uses 56 % of the CPU time that its worker can have" in busy.text


def test_a_capacity_that_others_limit_is_at_least_so_much() -> None:
    generator = findings(search(limit="generator"))[0]
    assert generator.title == "uvicorn holds at least 560 arrivals/s"
    assert "The load generator is the limit here: at 600 arrivals/s it was saturated" in generator.text
    assert "--max-rate" in findings(search(limit="max-rate"))[0].text


def test_no_capacity_is_said_plainly() -> None:
    cut = findings(search(arrivals_per_s=None, limit="not finished"))[0]
    assert cut.title == "The search was cut short"
    assert cut.text.endswith("560 arrivals/s held, unconfirmed.")
    never = findings(search(arrivals_per_s=None, limit="unattainable"))[0]
    assert never.title == "uvicorn does not hold the objectives at any rate tried"
    saturated = findings(search(arrivals_per_s=None, limit="generator"))[0]
    assert saturated.title == "The load generator is the limit here"


def test_a_search_cut_short_before_its_first_trial_is_no_error() -> None:
    begun = search(arrivals_per_s=None, limit="not finished")
    found = findings(replace(begun, records=()))
    assert [finding.title for finding in found] == ["The search was cut short"]
    assert "No rate is known to hold." in found[0].text
    lost = replace(search(arrivals_per_s=None, limit="unattainable"), records=())
    assert titles(lost) == ["The search was cut short"]


def grown(*throughputs: float, cpus: int, alike: int = 3) -> Run:
    setups = tuple(Setup(f"a-workers-{n}", "uvicorn", workers=n) for n in (1, 2, 4))
    cells = [
        repeats(setup.name, "noop-async", *(figure,) * alike, load=ClosedLoad(32 * setup.workers, 4.0))
        for setup, figure in zip(setups, throughputs, strict=True)
    ]
    facts = {"setup": "a", "scenario": "noop-async", "cpus": cpus}
    return run(*(record for cell in cells for record in cell), setups=setups, scaling=facts)


def test_what_holds_scaling_back_is_named() -> None:
    assert titles(grown(1000, 1000 * 2 / 1.2, 1000 * 4 / 1.6, cpus=4)) == ["Contention holds a back"]
    assert titles(grown(1000, 2000 / 1.1, 4000 / 1.6, cpus=4)) == ["Coherence holds a back"]
    assert titles(grown(1000, 2000, 4000, cpus=4)) == ["Nothing holds a back up to 4 workers"]
    (cores,) = findings(grown(1000, 1010, 990, cpus=1))
    assert cores.title == "Cores hold a back, not its software"
    assert "The server has 1 CPU for 4 workers to share" in cores.text
    assert "4 workers answer 0.99 times the noop-async requests of 1." in cores.text


def test_a_brake_that_noise_could_make_is_not_named() -> None:
    (single,) = findings(grown(1000, 2000 / 1.1, 4000 / 1.6, cpus=4, alike=1))
    assert single.title == "~ The rounds do not show what holds a back"
    assert "A single round shows nothing" in single.text
