"""Whole runs against real servers: once measured, looked at from many sides."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from bench.measure import runner
from bench.measure.progress import Display
from bench.measure.store import RunFolder, read_run
from bench.measure.workbench import Workbench
from bench.model.plan import Cell
from bench.model.record import Record, Run
from bench.plan.config import load_plans, load_setups
from bench.plan.order import cells
from scenarios.files import load as load_scenarios
from tests.bench.program import lay_out

pytestmark = pytest.mark.alone

PLANS = """
[lifelike]
seed = 5
warmup_s = 0.1
duration_s = 0.4
[[lifelike.blocks]]
setups = ["uvicorn-2"]
scenarios = ["noop-async"]
users = [8]
repeats = 2
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

[mixed]
warmup_s = 0
duration_s = 0.2
users = [2]
setups = ["plain"]
scenarios = ["front-page", "wrong-status", "wrong-body", "raises", "empty", "wrong-victim"]
[[mixed.blocks]]
[[mixed.blocks]]
setups = ["broken"]

[moody]
warmup_s = 0
duration_s = 0.2
users = [1]
setups = ["moody"]
scenarios = ["front-page"]
repeats = 2

[deadly]
warmup_s = 0
duration_s = 0.2
users = [1]
setups = ["plain"]
scenarios = ["die"]
[[deadly.blocks]]
[[deadly.blocks]]
scenarios = ["front-page"]
"""


class Measured:
    """A run of a plan of the user's own files: what it left on disk, and what it showed."""

    def __init__(self, name: str, folder: Path) -> None:
        lay_out(folder)
        (folder / "plans.toml").write_text(PLANS)
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
            with Display(len(cells(self.plan)), 1.0, Console(file=out, width=200)) as display:
                runner.run(self.plan, bench, run_folder, display)
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
        assert answered == pytest.approx(record.summary.throughput_rps * 0.4, rel=0.02, abs=2)


def test_resources_are_those_of_the_servers_processes(lifelike: Measured) -> None:
    for record in lifelike.run.records:
        found = record.resources
        assert found.cpu_us_per_request is not None
        assert found.cpu_us_per_request > 1
        assert 0 < sum(worker.cpu_s for worker in found.workers) <= found.cpu_s + 1e-9
        assert found.cpu_s < 0.4 * 2 * (os.cpu_count() or 1)
        assert all(20e6 < worker.rss_peak_bytes <= found.rss_peak_bytes for worker in found.workers)
        times_s = [part.t_s for part in found.timeline]
        assert times_s == sorted(times_s)
        assert 0.35 < times_s[-1] < 2
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
    assert 49 <= victim.requests <= 51  # 125 a second for 0.4 s, evenly
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


def test_few_probes_of_a_victim_and_cpus_that_are_shared_are_told(lifelike: Measured) -> None:
    caveats = {caveat.code: caveat.text for caveat in lifelike.record(scenario="io-misuse").caveats}
    assert "were due in the measured part" in caveats["victim"]
    for record in lifelike.run.records:
        assert "not-pinned" in {caveat.code for caveat in record.caveats}


def test_progress_counts_every_cell(lifelike: Measured, mixed: Measured) -> None:
    assert [line[:5] for line in lifelike.shown] == ["[1/5]", "[2/5]", "[3/5]", "[4/5]", "[5/5]"]
    assert [line[:7] for line in mixed.shown if line.startswith("[")][-1] == "[12/12]"


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
    assert (failure.setup, failure.repeat, failure.error) == ("plain", 0, error)


def test_a_server_that_does_not_start_is_one_failure_with_the_end_of_its_log(mixed: Measured) -> None:
    (failure,) = [one for one in mixed.run.failures if one.setup == "broken"]
    assert failure.scenario is None
    assert failure.error == "setup 'broken': the server ended with status 1; its log:\n    no luck"


def test_a_server_that_dies_ends_its_round_with_one_failure(tmp_path: Path) -> None:
    deadly = Measured("deadly", tmp_path)
    (failure,) = deadly.run.failures
    assert failure.error.startswith("setup 'plain': the server ended with status 3; its log:\n")
    measured = [record.cell.scenario for record in deadly.run.records]
    assert measured in ([], ["front-page"])  # as the order has it; never after the death
    assert [line[:5] for line in deadly.shown if line.startswith("[")][-1] == "[2/2]"


def test_repeats_that_differ_are_said_to_be_unstable(tmp_path: Path) -> None:
    """The second server answers only after 20 ms; the first record was written before that was known."""
    first, second = Measured("moody", tmp_path).run.records
    assert first.summary.throughput_rps > 2 * second.summary.throughput_rps
    assert "unstable" not in {caveat.code for caveat in first.caveats}
    assert "unstable" in {caveat.code for caveat in second.caveats}


def test_the_expected_time_counts_cells_what_is_around_them_and_starts() -> None:
    """Smoke has 7 cells of 0.8 s, with 0.6 s around each of 6 native ones and 2.5 s around Locust's; 2 starts."""
    bench = Workbench(setups=load_setups(), scenarios=load_scenarios(None))
    expected_s = 7 * 0.8 + 6 * 0.6 + 2.5 + 2 * 1.5
    assert runner.expected_s(load_plans()["smoke"], bench) == pytest.approx(expected_s)


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
