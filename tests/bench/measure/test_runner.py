"""Whole runs against real servers: once measured, looked at from many sides."""

from __future__ import annotations

import io
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from bench.measure import runner
from bench.measure.progress import Display
from bench.measure.round import FEWEST_ROTATIONS
from bench.measure.runner import Ends, _Clock
from bench.measure.store import RunFolder, read_run
from bench.measure.workbench import Workbench
from bench.model.plan import Block, Cell, ClosedLoad, Plan
from bench.model.record import Record, Run
from bench.plan.config import load_plans, load_setups
from bench.plan.order import Group, cells, count_rounds
from bench.results.precision import Precision
from scenarios.files import load as load_scenarios
from tests.bench.measure.burning import BURNING
from tests.bench.program import lay_out

pytestmark = pytest.mark.alone

PLANS = """
[lifelike]
seed = 5
warmup_s = 0.1
stretch_s = 0.4
[[lifelike.blocks]]
setups = ["uvicorn-2"]
scenarios = ["noop-async"]
users = [8]
rounds = 2
[[lifelike.blocks]]
setups = ["uvicorn-2"]
scenarios = ["noop-async"]
engines = ["locust"]
users = [4]
[[lifelike.blocks]]
setups = ["uvicorn"]
scenarios = ["io-misuse"]
users = [8]
[[lifelike.blocks]]
setups = ["uvicorn"]
scenarios = ["items-crud"]
arrivals_per_s = [50]

[lanes]
minutes = 0.05
users = [2]
setups = ["burning", "plain"]
scenarios = ["front-page", "other-page"]
rounds = 2

[mixed]
minutes = 0.05
users = [2]
setups = ["plain"]
scenarios = ["front-page", "wrong-status", "wrong-body", "raises", "empty", "wrong-victim", "goes-wrong"]
[[mixed.blocks]]
[[mixed.blocks]]
setups = ["broken"]

[grouped]
minutes = 0.05
users = [1]
setups = ["plain", "second", "third"]
scenarios = ["front-page"]
rounds = 2

[deadly]
minutes = 0.05
users = [1]
scenarios = ["front-page"]
[[deadly.blocks]]
setups = ["plain", "second", "mortal"]
[[deadly.blocks]]
setups = ["plain"]
scenarios = ["die"]
"""

SETUPS = """
[burning]
server = "command"
command = ["python", "burning.py", "{port}", "1000000", "dies"]
health = "/"

[mortal]
extends = "burning"
command = ["python", "burning.py", "{port}", "60", "dies"]

[second]
extends = "plain"

[third]
extends = "plain"
"""

SCENARIOS = """
def other(rng):
    yield Request("GET", "/other", check=contains(b"hello"))

asked = []

def goes_wrong(rng):
    asked.append(1)
    yield Request("GET", "/")
    if len(asked) > 100:
        raise ValueError("enough of it")

SCENARIOS |= {"other-page": Scenario("other-page", other), "goes-wrong": Scenario("goes-wrong", goes_wrong)}
"""


AS_PLANNED = Ends()


class Measured:
    """A run of a plan of the user's own files: what it left on disk, and what it showed."""

    def __init__(self, name: str, folder: Path, ends: Ends = AS_PLANNED) -> None:
        lay_out(folder)
        (folder / "plans.toml").write_text(PLANS)
        (folder / "burning.py").write_text(BURNING)
        for file, more in (("setups.toml", SETUPS), ("my_scenarios.py", SCENARIOS)):
            (folder / file).write_text((folder / file).read_text() + more)
        self.plan = load_plans(folder / "plans.toml")[name]
        scenarios_file = folder / "my_scenarios.py"
        bench = Workbench(
            setups=load_setups(folder / "setups.toml"),
            scenarios=load_scenarios(scenarios_file),
            scenarios_file=scenarios_file,
        )
        out = io.StringIO()
        self.path = folder / "out"
        run_folder = RunFolder(self.path, runner.facts("out", self.plan, bench))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            with Display(count_rounds(self.plan), 1.0, Console(file=out, width=200)) as display:
                runner.run(self.plan, bench, run_folder, display, ends)
        self.run: Run = read_run(self.path)
        self.shown = out.getvalue().splitlines()

    def record(self, **wanted: object) -> Record:
        """The one record whose cell has these fields."""
        (found,) = [
            record
            for record in self.run.records
            if all(getattr(record.cell, field) == value for field, value in wanted.items())
        ]
        return found


@pytest.fixture(scope="module")
def lifelike(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured("lifelike", tmp_path_factory.mktemp("lifelike"))


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured("lanes", tmp_path_factory.mktemp("lanes"))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured("mixed", tmp_path_factory.mktemp("mixed"))


# --- what is measured ----------------------------------------------------------------------------


def test_every_cell_of_the_plan_becomes_a_record(lifelike: Measured) -> None:
    assert {record.cell for record in lifelike.run.records} == set(cells(lifelike.plan))
    assert len(lifelike.run.records) == len(cells(lifelike.plan)) == 5
    assert lifelike.run.failures == ()


def test_rounds_come_one_after_the_other(lifelike: Measured) -> None:
    repeats = [record.cell.repeat for record in lifelike.run.records]
    assert repeats == sorted(repeats)
    begun = [record.started_at for record in lifelike.run.records]
    assert begun == sorted(begun)


def test_counts_reconcile(lifelike: Measured) -> None:
    for record in lifelike.run.records:
        summary = record.summary
        assert summary.errors == 0
        assert summary.requests > 0
        assert sum(part.requests for part in summary.by_request.values()) == summary.requests
        in_slices = sum(part.throughput_rps for part in summary.timeline) / len(summary.timeline)
        assert in_slices == pytest.approx(summary.throughput_rps)
        assert "counts-do-not-reconcile" not in {caveat.code for caveat in record.caveats}


def test_the_workers_answered_every_good_request(lifelike: Measured) -> None:
    """Each answer names its worker in X-Worker; good answers are throughput times the measured time."""
    for engine, repeat in (("native", 0), ("native", 1), ("locust", 0)):
        record = lifelike.record(setup="uvicorn-2", engine=engine, repeat=repeat)
        workers = record.resources.workers
        assert len({worker.pid for worker in workers}) == 2
        answered = sum(worker.requests or 0 for worker in workers)
        assert answered == pytest.approx(record.summary.throughput_rps * record.measured_s, rel=0.02, abs=2)


def test_resources_are_those_of_the_servers_processes(lifelike: Measured) -> None:
    for record in lifelike.run.records:
        found = record.resources
        assert found.cpu_us_per_request is not None
        assert found.cpu_s is not None
        assert found.rss_peak_bytes is not None
        assert found.cpu_us_per_request > 1
        assert 0 < sum(worker.cpu_s for worker in found.workers) <= found.cpu_s + 1e-9
        assert found.cpu_s < 2 * record.measured_s * (os.cpu_count() or 1)
        assert all(20e6 < worker.rss_peak_bytes <= found.rss_peak_bytes for worker in found.workers)
        times_s = [part.t_s for part in found.timeline]
        assert times_s == sorted(times_s)
        assert 0.9 * record.measured_s < times_s[-1] < record.measured_s + 1.6
        assert record.generator.cpu_share > 0


def test_each_round_has_a_server_of_its_own_that_is_gone_afterwards(lifelike: Measured) -> None:
    first, second = (
        {
            worker.pid
            for worker in lifelike.record(engine="native", setup="uvicorn-2", repeat=repeat).resources.workers
        }
        for repeat in (0, 1)
    )
    assert not first & second
    assert not any(psutil.pid_exists(pid) and _is_ours(pid) for pid in first | second)


def _is_ours(pid: int) -> bool:
    try:
        return "uvicorn" in " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return False


def test_misuse_is_seen_in_its_victims(lifelike: Measured) -> None:
    """While 10 ms block the loop again and again, a ping waits for at least the one that is blocking."""
    victim = lifelike.record(scenario="io-misuse").summary.victim
    assert victim is not None
    measured_s = lifelike.record(scenario="io-misuse").measured_s
    assert victim.requests == pytest.approx(100 * measured_s, rel=0.1, abs=5)  # evenly, in every slice
    assert victim.errors == 0
    assert victim.response_ms.p50 is not None
    assert victim.response_ms.p50 > 5
    assert lifelike.record(scenario="items-crud").summary.victim is None


def test_a_misused_loop_answers_at_most_a_hundred_times_a_second(lifelike: Measured) -> None:
    assert 40 < lifelike.record(scenario="io-misuse").summary.throughput_rps <= 105


def test_few_requests_are_a_caveat_and_a_valid_record_is_free_of_errors(lifelike: Measured) -> None:
    codes = {caveat.code for caveat in lifelike.record(scenario="io-misuse").caveats}
    assert "few-samples" in codes
    assert all(record.summary.errors == 0 for record in lifelike.run.records if record.valid)


def test_facts_say_what_was_run_and_where(lifelike: Measured) -> None:
    facts = json.loads((lifelike.path / "run.json").read_text())
    assert (facts["schema"], facts["run"], facts["seed"], facts["finished"]) == (1, "out", 5, True)
    assert facts["took_s"] > 2
    assert facts["plan"]["name"] == "lifelike"
    assert facts["plan"]["cells"] == 5
    assert set(facts["plan"]["setups"]) == {"uvicorn", "uvicorn-2"}
    assert facts["plan"]["setups"]["uvicorn-2"]["workers"] == 2
    assert set(facts["plan"]["scenarios"]) == {"noop-async", "io-misuse", "items-crud"}
    assert facts["host"]["cores"] == os.cpu_count()
    assert {"cpu_model", "kernel", "governor", "virtualisation", "python", "load_average", "git"} <= set(
        facts["host"]
    )
    assert {"fastapi", "uvicorn", "uvloop", "httptools", "locust"} <= set(facts["host"]["versions"])


def test_facts_say_what_else_reached_the_server(lifelike: Measured) -> None:
    told = json.loads((lifelike.path / "run.json").read_text())["environment"]
    assert set(told) == {"settings", "dotenv"}


def test_cpus_that_are_shared_are_told(lifelike: Measured) -> None:
    for record in lifelike.run.records:
        assert "not-pinned" in {caveat.code for caveat in record.caveats}


def test_stretches_and_rounds_are_shown(lifelike: Measured) -> None:
    assert {line[:11] for line in lifelike.shown} == {"[round 1/2]", "[round 2/2]"}
    stretches = [line for line in lifelike.shown if "requests/s" in line]
    assert sorted(("locust" in line, "arrivals/s" in line) for line in stretches) == [
        (False, True),
        (True, False),
    ]


# --- lanes ---------------------------------------------------------------------------------------


def test_each_lane_has_a_record_a_round(lanes: Measured) -> None:
    assert lanes.run.failures == ()
    assert sorted(
        (record.cell.setup, record.cell.scenario, record.cell.repeat) for record in lanes.run.records
    ) == [
        (setup, scenario, number)
        for setup in ("burning", "plain")
        for scenario in ("front-page", "other-page")
        for number in (0, 1)
    ]
    assert all(record.cell.in_slices for record in lanes.run.records)


def test_the_slices_of_a_lane_are_whole(lanes: Measured) -> None:
    for record in lanes.run.records:
        slices, summary = record.slices, record.summary
        step = slices.rotation[1]
        assert step in (1, 2), "a slow lane may have a slice in every second rotation"
        assert slices.rotation == tuple(range(0, step * len(slices.rotation), step))
        assert step * len(slices.rotation) >= FEWEST_ROTATIONS
        assert summary.requests == summary.answered == sum(slices.requests)
        assert (summary.errors, summary.lost) == (0, 0)
        assert all(count % 2 == 0 and count >= 2 for count in slices.requests), (
            "whole sessions for both users"
        )
        spans_s = [count / rate for count, rate in zip(slices.requests, slices.throughput_rps, strict=True)]
        assert sum(spans_s) == pytest.approx(record.measured_s, rel=1e-3)
        assert len(slices.cpu_us_per_request) == len(slices.rotation)
        assert (slices.anchor_rps, slices.anchor_cpu_us) == ((), ())
        assert summary.mean_concurrency == pytest.approx(1.8, abs=0.25), (
            "both users are busy until a slice ends"
        )


def test_a_lane_costs_what_its_server_burns(lanes: Measured) -> None:
    """2 ms of CPU time each, so that it answers 500 times a second at most, whatever else is measured in turn."""
    for record in lanes.run.records:
        if record.cell.setup == "burning":
            assert record.resources.cpu_us_per_request == pytest.approx(2200, rel=0.12)
            assert all(2000 <= (used or 0) < 3000 for used in record.slices.cpu_us_per_request)
            assert all(rate <= 500 for rate in record.slices.throughput_rps)
            assert record.summary.response_ms.p50 is not None
            assert record.summary.response_ms.p50 >= 4, "one waits while the other is served"


def test_idle_servers_are_seen_to_be_idle(lanes: Measured) -> None:
    for record in lanes.run.records:
        assert record.idle_cpu_share is not None
        assert 0 <= record.idle_cpu_share < 0.5
        assert record.resources.busy_share is None, "without pinning nobody knows"


def test_a_run_says_how_many_rounds_it_had(lanes: Measured) -> None:
    assert lanes.run.facts.rounds == 2
    assert [block["rounds"] for block in lanes.run.facts.plan.blocks] == [2]


def test_setups_that_may_not_live_at_once_are_measured_beside_an_anchor(tmp_path: Path) -> None:
    found = Measured("grouped", tmp_path, Ends(alive=2))
    assert found.run.failures == ()
    assert sorted((record.cell.setup, record.cell.repeat) for record in found.run.records) == [
        (setup, number) for setup in ("plain", "second", "third") for number in (0, 1)
    ]
    for record in found.run.records:
        slices = record.slices
        assert len(slices.anchor_rps) == len(slices.anchor_cpu_us) == len(slices.rotation) > 0
        assert all(rate is not None and rate > 0 for rate in slices.anchor_rps)
        if record.cell.setup == "plain":
            assert slices.anchor_rps == slices.throughput_rps
        else:
            assert slices.anchor_rps != slices.throughput_rps
    for number in (0, 1):
        of = {
            one.cell.setup: set(one.slices.rotation) for one in found.run.records if one.cell.repeat == number
        }
        alone = [name for name in of if all(not of[name] & of[other] for other in of if other != name)]
        assert len(alone) == 1, "two live together, and the third shares no rotation with them"


# --- what goes wrong -----------------------------------------------------------------------------


def test_what_can_be_measured_is_measured_beside_what_cannot(mixed: Measured) -> None:
    (record,) = mixed.run.records
    assert (record.cell.setup, record.cell.scenario) == ("plain", "front-page")
    assert record.valid
    assert json.loads((mixed.path / "run.json").read_text())["finished"] is True


def test_answers_that_name_no_worker_leave_its_requests_open(mixed: Measured) -> None:
    (worker,) = mixed.record(scenario="front-page").resources.workers
    assert worker.requests is None
    assert worker.rss_peak_bytes > 5e6


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("wrong-status", "scenario 'wrong-status': GET /wrong-status answered status-200: hello"),
        ("wrong-body", "scenario 'wrong-body': GET /wrong-body answered wrong-body: hello"),
        ("wrong-victim", "the victim of scenario 'wrong-victim': GET /victim answered status-200: hello"),
        ("raises", "scenario 'raises' raised ValueError: no such luck"),
        ("empty", "scenario 'empty': its flow yields no request"),
    ],
)
def test_a_scenario_whose_check_fails_is_a_failure_and_not_loaded(
    mixed: Measured, scenario: str, error: str
) -> None:
    (failure,) = [one for one in mixed.run.failures if one.scenario == scenario]
    assert (failure.setup, failure.repeat) == ("plain", 0)
    assert re.sub(r" \(.*my_scenarios\.py:\d+\)$", "", failure.error) == error


def test_a_server_that_does_not_start_is_one_failure_with_the_end_of_its_log(mixed: Measured) -> None:
    (failure,) = [one for one in mixed.run.failures if one.setup == "broken"]
    assert failure.scenario is None
    assert failure.error == "setup 'broken': the server ended with status 1; its log:\n    no luck"


def test_a_scenario_that_goes_wrong_on_the_way_ends_its_lane_alone(mixed: Measured) -> None:
    (failure,) = [one for one in mixed.run.failures if one.scenario == "goes-wrong"]
    assert "raised ValueError: enough of it" in failure.error


def test_servers_that_die_end_alone(tmp_path: Path) -> None:
    """One in the check of a scenario, another after 60 requests; the third goes on."""
    deadly = Measured("deadly", tmp_path)
    assert [record.cell.setup for record in deadly.run.records] == ["second"]
    assert {failure.setup for failure in deadly.run.failures} == {"plain", "mortal"}
    assert [failure.scenario for failure in deadly.run.failures] == [None, None], "one for each server"
    (mortal,) = [failure for failure in deadly.run.failures if failure.setup == "mortal"]
    assert mortal.error == "setup 'mortal': the server ended with status 7; its log:\n    out of luck"
    for failure in deadly.run.failures:
        if failure.setup == "plain":
            assert failure.error.startswith("setup 'plain': the server ended with status 3; its log:\n")
    assert deadly.run.facts.finished


# --- when it ends --------------------------------------------------------------------------------


def timed(minutes: float | None, rounds: int, scenarios: str = "front-page") -> Plan:
    block = Block(("plain",), tuple(scenarios.split()), ("native",), (ClosedLoad(1, 2.0),), rounds=rounds)
    return Plan("p", "", (block,), minutes=minutes)


def test_the_expected_time_is_that_of_the_plan_or_of_starts_and_good_rotations(tmp_path: Path) -> None:
    """Of two lanes: a second for the start, 0.35 s and 24 turns of 0.06 s for each, half a second for the stop."""
    lay_out(tmp_path)
    bench = Workbench(setups=load_setups(tmp_path / "setups.toml"), scenarios={})
    assert runner.expected_s(timed(1.5, 2), bench) == 90
    once_s = 1.0 + 2 * (0.35 + 24 * 0.06) + 0.5
    assert runner.expected_s(timed(None, 3, "a b"), bench) == pytest.approx(3 * once_s)
    long = replace(timed(None, 3, "a b"), long=True)
    assert runner.expected_s(long, bench) == pytest.approx(3 * (1.0 + 2 * (2.0 + 0.5 + 0.6) + 0.5), abs=3)


def test_as_many_servers_live_as_are_wanted_and_else_as_there_is_memory_for(tmp_path: Path) -> None:
    lay_out(tmp_path)
    bench = Workbench(setups=load_setups(tmp_path / "setups.toml"), scenarios={})
    assert runner.most_alive(timed(None, 1), bench, 3) == 3
    assert 1 <= runner.most_alive(timed(None, 1), bench) <= 16


NARROW, WIDE = Precision(0.02, "a"), Precision(0.2, "a")


@pytest.mark.parametrize(
    ("number", "until", "precision", "began_s_ago", "begins"),
    [
        (1, None, NARROW, 0, True),
        (2, None, WIDE, 0, False),
        (1, None, WIDE, 900, True),
        (3, 0.03, NARROW, 0, True),
        (4, 0.03, NARROW, 0, False),
        (4, 0.03, WIDE, 0, True),
        (9, 0.03, None, 0, True),
        (4, 0.03, WIDE, 59, False),
        (0, 0.03, None, 900, True),
    ],
    ids=[
        "a round of the plan is left",
        "no round is left",
        "every round of a plan is measured, however late",
        "certain, but too early to say",
        "certain enough",
        "not certain yet",
        "nothing to compare",
        "no time for another",
        "the first one always",
    ],
)
def test_another_round_begins_as_long_as_it_is_wanted(
    number: int, until: float | None, precision: Precision | None, began_s_ago: float, begins: bool
) -> None:
    """A plan of two rounds and a minute."""
    clock = _Clock(timed(1.0, 2), time.monotonic() - began_s_ago)
    assert clock.begins(number, Ends(until=until), precision) is begins


@pytest.mark.parametrize(
    ("number", "took_s", "begins"),
    [(2, 400.0, True), (3, 51.0, True), (3, 52.0, False), (6, 40.0, False)],
    ids=["three in any case", "just in time", "out of time", "no more than the plan has"],
)
def test_a_slow_machine_gets_fewer_rounds(number: int, took_s: float, begins: bool) -> None:
    """Six rounds in a minute, or 69 s at the most: 51.7 s for three leave 17.25 s for a fourth."""
    clock = _Clock(timed(1.0, 6), time.monotonic() - took_s)
    assert clock.begins(number, Ends(), None) is begins


def test_the_groups_of_a_round_share_its_time_by_their_lanes() -> None:
    """Half of a minute, less half a second for the stop; three quarters of it where another lane of four follows."""
    plan = timed(1.0, 2, "a b c d")
    lanes = cells(replace(plan, blocks=(replace(plan.blocks[0], rounds=1),)))
    first = Group(round=0, setups=("plain",), lanes=lanes[:3], stretches=())
    second = Group(round=0, setups=("plain",), lanes=lanes[3:], stretches=())
    now_s = time.monotonic()
    clock = _Clock(plan, now_s)
    assert clock.begins(0, Ends(), None)
    alone_s, shared_s = (
        clock.rotate_until_s(0, first, [], Ends()),
        clock.rotate_until_s(0, first, [second], Ends()),
    )
    assert alone_s is not None
    assert shared_s is not None
    assert alone_s - now_s == pytest.approx(29.5, abs=0.2)
    assert shared_s - now_s == pytest.approx(22.0, abs=0.2)
    assert _Clock(timed(None, 2), now_s).rotate_until_s(0, first, [], Ends()) is None


def test_the_own_process_keeps_off_the_servers_cpus_only_while_it_measures(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    seen: list[set[int]] = []

    class Watching(Display):
        def show_cell(self, cell: Cell) -> None:
            seen.append(os.sched_getaffinity(0))

    lay_out(tmp_path)
    plan = load_plans(tmp_path / "plans.toml")["tiny"]
    one = (max(before),)
    scenarios_file = tmp_path / "my_scenarios.py"
    bench = Workbench(
        setups=load_setups(tmp_path / "setups.toml"),
        scenarios=load_scenarios(scenarios_file),
        scenarios_file=scenarios_file,
        server_cpus=one,
        generator_cpus=one,
        own_cpus=one,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        runner.run(
            plan, bench, RunFolder(tmp_path / "out", {}), Watching(1, 1.0, Console(file=io.StringIO()))
        )
    assert seen == [set(one)]
    assert os.sched_getaffinity(0) == before
    (record,) = read_run(tmp_path / "out").records
    assert record.resources.cpus == one
    assert (record.resources.shared, record.valid) == ("cpu", False), "they took each other's time"
