"""Servers and a generator that are held back on purpose: each is named as such, in findings and report."""

from __future__ import annotations

import io
import itertools
import os
import re
from html import unescape
from pathlib import Path

import pytest
from rich.console import Console

from bench.measure import runner
from bench.measure.progress import Display
from bench.measure.store import RunFolder, read_run
from bench.measure.workbench import Workbench
from bench.model.record import Run, Worker
from bench.plan.config import load_plans, load_setups
from bench.plan.order import count_rounds
from bench.results.findings.finding import Finding
from scenarios.files import load as load_scenarios
from tests.bench.builders import findings, report

pytestmark = pytest.mark.alone

UNEVEN = Path(__file__).with_name("uneven_server.py")

SETUPS = f"""
[narrow]
extends = "uvicorn"
env = {{ APP_THREAD_TOKENS = "2", APP_POOL_SIZE = "1" }}

[light]
server = "uvicorn"
app = "bench.machine.bare_app:app"
health = "/"

[uneven]
server = "command"
command = ["python", "{UNEVEN}", "{{port}}"]
health = "/"
"""

SCENARIOS = """
import time
from scenarios.model import Request, Scenario, contains

def hello(rng):
    yield Request("GET", "/", check=contains(b"hello"))

def drawn_slowly(rng):
    until_s = time.thread_time() + 0.003
    while time.thread_time() < until_s:
        pass
    yield Request("GET", "/bench/ping", check=contains(b"message"))

SCENARIOS = {one.name: one for one in (Scenario("hello", hello), Scenario("drawn-slowly", drawn_slowly))}
"""

PLANS = """
[held]
long = true
warmup_s = 0.2
stretch_s = 0.8
users = [16]
[[held.blocks]]
setups = ["narrow"]
scenarios = ["io-misuse", "io-sync", "db-orm-async"]
[[held.blocks]]
setups = ["uneven"]
scenarios = ["hello"]

[generator]
long = true
warmup_s = 0
stretch_s = 0.4
setups = ["light"]
scenarios = ["drawn-slowly"]
users = [4]
"""


def measured(plan_name: str, folder: Path) -> Run:
    """A run of a plan from the files above, on two CPUs where there are so many."""
    for name, text in (("setups.toml", SETUPS), ("mine.py", SCENARIOS), ("plans.toml", PLANS)):
        (folder / name).write_text(text)
    plan = load_plans(folder / "plans.toml")[plan_name]
    scenarios_file = folder / "mine.py"
    own = tuple(sorted(os.sched_getaffinity(0)))
    bench = Workbench(
        setups=load_setups(folder / "setups.toml"),
        scenarios=load_scenarios(scenarios_file),
        scenarios_file=scenarios_file,
        server_cpus=own[:1],
        generator_cpus=own[-1:],
    )
    out = RunFolder(folder / "out", runner.facts("out", plan, bench))
    with Display(count_rounds(plan), 1.0, Console(file=io.StringIO())) as display:
        runner.run(plan, bench, out, display)
    run = read_run(folder / "out")
    assert run.failures == ()
    return run


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return measured("held", tmp_path_factory.mktemp("held"))


@pytest.fixture(scope="module")
def page(held: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the report's page."""
    text = report(held, tmp_path_factory.mktemp("report")).read_text()
    return unescape(re.sub(r"<[^>]*>", "", text))


def workers(run: Run, scenario: str) -> tuple[Worker, ...]:
    (record,) = [record for record in run.records if record.cell.scenario == scenario]
    return record.resources.workers


def named(run: Run, topic: str) -> Finding:
    (finding,) = [finding for finding in findings(run) if finding.topic == topic]
    return finding


@pytest.mark.parametrize(
    ("topic", "title", "scenario"),
    [
        ("loop-blocked", "Event loop blocked", "io-misuse on narrow"),
        ("threads-exhausted", "Thread pool exhausted", "io-sync on narrow"),
        ("pool-exhausted", "Database pool exhausted", "db-orm-async on narrow"),
        ("worker-overloaded", "One worker overloaded", "hello on uneven"),
    ],
)
def test_what_holds_a_server_is_named(held: Run, page: str, topic: str, title: str, scenario: str) -> None:
    finding = named(held, topic)
    assert any(figure.startswith(f"{scenario} (") for figure in finding.figures)
    assert finding.title.startswith(f"{title}: ")
    assert finding.title in page
    assert all(figure in page for figure in finding.figures)


def test_a_blocked_loop_is_late_by_more_than_one_call_holds_it(held: Run) -> None:
    """Sixteen calls of 10 ms, one after the other."""
    (worker,) = workers(held, "io-misuse")
    lags = [lag for lag in worker.timeline.loop_lag_ms if lag is not None]
    assert max(lags) > 20


def test_two_threads_are_in_use_and_the_others_wait(held: Run) -> None:
    (worker,) = workers(held, "io-sync")
    assert worker.tokens == 2
    assert set(worker.timeline.tokens_busy) == {2}
    assert max(filter(None, worker.timeline.tokens_waiting)) == 16 - 2


def test_one_connection_is_out_and_the_others_wait(held: Run) -> None:
    (worker,) = workers(held, "db-orm-async")
    assert worker.pool == 1
    assert max(filter(None, worker.timeline.pool_busy)) == 1
    assert 8 <= max(filter(None, worker.timeline.pool_waiting)) <= 15


def test_an_app_without_a_probe_has_figures_from_outside_alone(held: Run) -> None:
    found = workers(held, "hello")
    assert len(found) == 2
    for worker in found:
        assert worker.tokens is None
        assert worker.timeline.loop_lag_ms == ()
        assert len(worker.timeline.cpu_share) == len(worker.timeline.throughput_rps) > 1


def test_requests_on_the_timeline_are_those_of_the_worker(held: Run) -> None:
    for worker in workers(held, "hello"):
        ends_s = (0.0, *worker.timeline.t_s)
        widths = [end - start for start, end in itertools.pairwise(ends_s)]
        counted = sum(
            rate * width for rate, width in zip(worker.timeline.throughput_rps, widths, strict=True)
        )
        assert worker.requests is not None
        assert abs(counted - worker.requests) <= 0.1 * worker.requests + 5


def test_the_open_connections_are_those_of_users_and_victims(held: Run) -> None:
    (record,) = [record for record in held.records if record.cell.scenario == "hello"]
    counted = {part.connections for part in record.resources.timeline}
    assert record.resources.timeline[0].connections == 16
    assert counted - {None} == {16}, "not every slice has counted them"


def test_a_generator_that_draws_too_slowly_is_named_saturated(tmp_path: Path) -> None:
    """Where others take the CPU from it, it is measured again: it cannot be busy with work that it may not do."""
    for attempt in range(4):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        run = measured("generator", folder)
        if run.records[0].generator.cpu_share > 0.8:
            break
    else:
        if os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1):
            pytest.skip("others use the CPUs, and the generator could not have its own")
    finding = named(run, "generator-saturated")
    assert finding.title == "Generator saturated: drawn-slowly"
    assert not run.records[0].valid
