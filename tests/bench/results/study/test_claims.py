"""Claims and their verdicts, on made-up repeats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Caveat, Failure, Record, Run
from bench.plan.config import load_setups
from bench.results.cells import gather
from bench.results.results import understand
from bench.results.study.claim import Claim
from bench.results.study.claims import Judged, claims, verdict_of
from bench.results.study.ratio import Ratio
from bench.results.study.shipped import CLAIMS
from bench.stats.comparison import Comparison
from bench.stats.metrics import THROUGHPUT
from scenarios import SCENARIOS
from tests.bench.builders import repeats, run
from tests.bench.results.study.made import benchmark, io_run, micro


def judged(made: Run, *words: str) -> Judged:
    benchmarks = micro(benchmark("gzip-4", 1, "compression", bytes_in=16384, bytes_out=211))
    found = claims(understand(made, benchmarks))
    (one,) = [one for one in found if all(word in one.claim.text for word in words)]
    return one


def test_every_claim_is_about_setups_and_scenarios_that_there_are() -> None:
    setups = load_setups()
    for claim in CLAIMS:
        for meeting in claim.meetings:
            for setup, scenario in (meeting.base, meeting.head):
                assert setup in setups
                assert scenario in SCENARIOS


def test_async_for_io_is_borne_out_with_every_level_and_its_source() -> None:
    found = judged(io_run(), "I/O belongs in async def")
    assert found.verdict == "borne out"
    assert [part.split(":")[0] for part in found.figures.split("; ")] == [
        "io-async at 1 user",
        "io-async at 8 users",
        "io-async at 128 users",
    ]
    assert found.figures.split("; ")[0].endswith(", ~")
    assert found.records == "uvicorn: io-async, io-sync; native, 1, 8 and 128 users; 3 rounds"


def two(
    new: str, base: str, *rates: float, scenario: str = "noop-async", **more: object
) -> tuple[Record, ...]:
    """Three repeats of each of two setups, the base's at 100."""
    return (*repeats(new, scenario, *rates, **more), *repeats(base, scenario, 99, 100, 101, **more))


VERDICTS = {
    "more, all of it": ((150, 151, 152), "borne out"),
    "less, all of it": ((50, 51, 52), "refuted"),
    "it overlaps": ((98, 103, 100), "not settled"),
}


@pytest.mark.parametrize(("rates", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_uvloop_serves_more_less_or_nobody_knows(rates: tuple[float, ...], verdict: str) -> None:
    made = run(*two("uvicorn", "uvicorn-asyncio-httptools", *rates))
    assert judged(made, "uvloop").verdict == verdict


ALIKE = {
    "within a tenth, with the whole interval": ((100, 101, 102), "borne out"),
    "less by a third": ((66, 67, 68), "refuted"),
    "within, but the interval is wide": ((90, 101, 112), "not settled"),
    "a little less is still alike": ((96, 97, 98), "borne out"),
}


@pytest.mark.parametrize(("rates", "verdict"), ALIKE.values(), ids=ALIKE)
def test_to_serve_as_much_takes_an_interval_within_the_factor(rates: tuple[float, ...], verdict: str) -> None:
    assert judged(run(*two("gunicorn-1", "uvicorn", *rates)), "gunicorn").verdict == verdict


def test_workers_scale_only_where_they_have_cores() -> None:
    crowded = run(*two("uvicorn-2", "uvicorn", 190, 191, 192, workers=(1, 1), cpus=(0,)))
    found = judged(crowded, "workers scale")
    assert found.verdict == "not settled"
    assert found.figures.startswith(
        "2 workers shared 1 core: this machine cannot tell; noop-async at 32 users: 1.91 ×"
    )
    roomy = run(*two("uvicorn-2", "uvicorn", 190, 191, 192, workers=(1, 1), cpus=(0, 1)))
    assert judged(roomy, "workers scale").verdict == "borne out"
    held = run(*two("uvicorn-2", "uvicorn", 120, 121, 122, workers=(1, 1), cpus=(0, 1)))
    assert judged(held, "workers scale").verdict == "refuted"


def ratio_of(low: float, high: float) -> Ratio:
    (cell,) = gather(repeats("uvicorn", "x-async", 1, 1))
    return Ratio(
        head=cell,
        base=cell,
        metric=THROUGHPUT,
        comparison=Comparison(ratio=(low * high) ** 0.5, low=low, high=high, rounds=3),
    )


def test_levels_that_contradict_each_other_settle_nothing() -> None:
    claim = Claim(text="more", meetings=())
    assert verdict_of(claim, [ratio_of(1.5, 2), ratio_of(0.4, 0.5)]) == "not settled"
    assert verdict_of(claim, [ratio_of(1.5, 2), ratio_of(0.4, 1.5)]) == "borne out"
    assert verdict_of(replace(claim, says="lower"), [ratio_of(1.5, 2)]) == "refuted"


def test_a_proof_that_both_are_the_same_refutes_that_one_has_more() -> None:
    claim = Claim(text="more", meetings=())
    assert verdict_of(claim, [ratio_of(0.99, 1.01), ratio_of(1.001, 1.01)]) == "refuted"
    assert verdict_of(claim, [ratio_of(0.99, 1.01), ratio_of(0.95, 1.01)]) == "not settled"
    assert verdict_of(claim, [ratio_of(0.99, 1.01), ratio_of(1.1, 1.2)]) == "borne out"


def test_gzip_tells_what_it_costs_and_what_it_saves() -> None:
    costly = repeats("uvicorn-gzip", "gzip", 1, 1, 1, cpu_us=200.0)
    made = run(*costly, *repeats("uvicorn", "gzip", 1, 1, 1, cpu_us=100.0))
    found = judged(made, "gzip")
    assert found.verdict == "borne out"
    assert found.figures == (
        "gzip CPU at 32 users: 2.00 × (2.00 to 2.00); 16,384 bytes become 211 at level 4, the app's own"
    )


def test_a_peer_that_is_not_installed_is_left_out_in_plain_words() -> None:
    made = io_run(left_out={"go-net-http": "go is not installed"})
    found = judged(made, "comparable to Go")
    assert (found.verdict, found.figures, found.records) == (
        "not settled",
        "left out: go is not installed",
        "",
    )
    assert not [one for one in claims(understand(made)) if "Node.js" in one.claim.text]


def test_a_setup_that_failed_says_why() -> None:
    made = replace(io_run(), failures=(Failure("gunicorn-1", 0, "it did not start\nits log"),))
    assert judged(made, "gunicorn").figures == "gunicorn-1 failed: it did not start"


def test_what_is_invalid_settles_nothing() -> None:
    made = run(*two("gunicorn-1", "uvicorn", 100, 101, 102, valid=False))
    assert judged(made, "gunicorn").figures == "a side is invalid, or was not measured"


def test_a_fixed_rate_says_nothing_of_throughput_and_much_of_cpu() -> None:
    opened = OpenLoad(1000, 1.0)
    cheap, dear = (
        repeats(setup, scenario, 1000, 1000, load=opened, cpu_us=us)
        for setup, us, scenario in (("node-http", 50.0, "noop-async"), ("uvicorn", 150.0, "noop-async"))
    )
    waiting = (
        *repeats("node-http", "io-async", 9, 9, load=opened),
        *repeats("uvicorn", "io-async", 1, 1, load=opened),
    )
    found = judged(run(*cheap, *dear, *waiting), "Node.js")
    assert found.figures == "noop-async CPU at 1000 arrivals/s: 3.00 × (3.00 to 3.00)"
    assert found.records == "uvicorn, node-http: noop-async; native, 1000 arrivals/s; 2 rounds"
    assert found.verdict == "refuted"


def test_cells_meet_at_the_same_load_only() -> None:
    closed, opened = ClosedLoad(32, 1.0), OpenLoad(100, 1.0)
    apart = run(
        *repeats("gunicorn-1", "noop-async", 1, 1, load=closed),
        *repeats("uvicorn", "noop-async", 1, 1, load=opened),
    )
    assert not [one for one in claims(understand(apart)) if "gunicorn" in one.claim.text]


def test_a_claim_about_bystanders_whose_wait_grew_has_no_ratio() -> None:
    grown = (Caveat("victim-grows", ""),)
    made = run(
        *repeats("uvicorn", "cpu-sync", 90, 91, 92, victim_p99=20.0),
        *repeats("uvicorn", "cpu-async", 90, 91, 92, victim_p99=1820.0, caveats=grown),
    )
    found = judged(made, "others wait less")
    assert found.figures == (
        "cpu-sync victim p99 at 32 users: 20.0 ms next to cpu-sync, at least 1,820 ms next to cpu-async"
    )
    assert found.verdict == "borne out"
