"""The figures of each second: of real processes, and of rows and telemetry as they are written."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.locust import spool
from bench.locust.live import LiveFigures, LoadPlace, ReportReader, RowReader
from bench.model.samples import SampleFile, tag
from bench.system.waiting import wait_until
from tests.bench.locust.observed import MINE, locust_test

BUSY = "while True: pass"
IDLE = "import time; time.sleep(60)"
REPORT = {"loop_lag_ms": 1.5, "tokens": 40, "tokens_busy": 2, "tokens_waiting": 0, "pool": 5, "pool_busy": 1}


def write_report(folder: Path, pid: int, **figures: float) -> None:
    with (folder / f"{pid}.jsonl").open("a") as file:
        file.write(json.dumps(REPORT | {"pool_waiting": 0} | figures) + "\n")


class Rows:
    """A sample file that a process is writing."""

    def __init__(self, folder: Path, process: str) -> None:
        self.file = SampleFile(spool.sample_path(folder, 1, process))

    def add(
        self, count: int, took_ms: float, *, late_ms: float = 0.0, worker: int = 0, kind: str = "ok"
    ) -> None:
        now_ns = time.monotonic_ns()
        label = self.file.label("GET /")
        for _ in range(count):
            sent_ns, outcome = now_ns - int(took_ms * 1e6), self.file.outcome(kind)
            times = (sent_ns - int(late_ms * 1e6), 0, sent_ns, now_ns, now_ns)
            self.file.append((*times, tag(label, outcome, worker)))
        self.file.write()

    def close(self) -> None:
        self.file.close(start_ns=0, end_ns=0, shed=0, cpu_s=0.0)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    found = Rows(tmp_path, "one")
    yield found
    found.close()


def test_rows_are_read_once_from_all_files(rows: Rows, tmp_path: Path) -> None:
    reader = RowReader(tmp_path, 1)
    assert len(reader.read()) == 0
    rows.add(3, 1.0)
    assert len(reader.read()) == 3
    other = Rows(tmp_path, "two")
    other.add(2, 1.0)
    other.close()
    rows.add(1, 1.0)
    assert len(reader.read()) == 3
    assert len(reader.read()) == 0


def test_telemetry_is_read_from_now_on_in_whole_lines(tmp_path: Path) -> None:
    write_report(tmp_path, 7, loop_lag_ms=99.0)
    reader = ReportReader(tmp_path)
    assert reader.read() == {}
    write_report(tmp_path, 7, loop_lag_ms=3.0, pool_busy=0)
    write_report(tmp_path, 7, loop_lag_ms=2.0, pool_busy=4)
    write_report(tmp_path, 8)
    with (tmp_path / "8.jsonl").open("a") as file:
        file.write('{"loop_lag')
    found = reader.read()
    assert (found[7]["loop_lag_ms"], found[7]["pool_busy"], found[8]["tokens"]) == (3.0, 4, 40)
    assert reader.read() == {}


def test_without_a_folder_there_is_no_telemetry(tmp_path: Path) -> None:
    assert ReportReader(None).read() == ReportReader(tmp_path / "nowhere").read() == {}


@pytest.fixture
def server() -> Iterator[psutil.Process]:
    """A process that works, in a server's place, with a child that does not."""
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {IDLE!r}]); {BUSY}"
    code = code.replace("; while", "\nwhile")
    with subprocess.Popen([sys.executable, "-c", code]) as child:
        process = psutil.Process(child.pid)
        try:
            assert wait_until(lambda: bool(process.children()), 20.0)
            yield process
        finally:
            for one in (*process.children(), process):
                one.kill()


@pytest.fixture
def generator() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", IDLE]) as child:
        yield psutil.Process(child.pid)
        child.kill()


def place(folder: Path, server: int | None, generator: int) -> LoadPlace:
    return LoadPlace(
        setup=MINE,
        server_pid=server,
        service_pids=(),
        generator_pid=generator,
        own_pid=generator + 10_000_000,  # of nobody
        server_cpus=(0,),
        generator_cpus=(1,),
        telemetry=folder,
        spool=folder,
        run=1,
    )


def tick(figures: LiveFigures) -> dict[str, Any]:
    """A tick after which at least some CPU time was booked to a process that works."""
    time.sleep(0.2)  # the time that the figures are of
    found: dict[str, Any] = json.loads(json.dumps(figures.tick()))
    return found


def test_a_tick_has_the_load_the_server_and_the_generator(
    rows: Rows, server: psutil.Process, generator: psutil.Process, tmp_path: Path
) -> None:
    (idle,) = server.children()
    figures = LiveFigures(
        place(tmp_path, server.pid, generator.pid), locust_test("browse"), (server.pid, idle.pid)
    )
    write_report(tmp_path, server.pid, loop_lag_ms=7.5)
    rows.add(90, 2.0, worker=server.pid)
    rows.add(10, 2.0, late_ms=40.0, kind="status-500")
    found = tick(figures)
    assert found["failed_rps"] == pytest.approx(found["rps"] / 10, rel=0.05)
    assert found["service"]["p99_ms"] == 2.0
    assert found["response"]["p50_ms"] == 2.0
    assert found["response"]["p99_ms"] == 42.0
    busy, still = found["workers"]
    assert (busy["pid"], still["pid"]) == (server.pid, idle.pid)
    assert busy["cpu"] > still["cpu"] >= 0
    assert busy["rps"] == pytest.approx(0.9 * found["rps"], rel=0.05)
    assert still["rps"] is None
    assert busy["loop_lag_ms"] == 7.5
    assert "loop_lag_ms" not in still
    assert found["server_rss_bytes"] == busy["rss_bytes"] + still["rss_bytes"] > 1_000_000
    assert found["generator_cpu"] < 0.05


def test_answers_that_take_longer_than_a_tick_are_no_errors(
    rows: Rows, generator: psutil.Process, tmp_path: Path
) -> None:
    figures = LiveFigures(place(tmp_path, None, generator.pid), locust_test("browse"), ())
    rows.add(2, 5000.0)
    found = tick(figures)
    assert found["response"]["p50_ms"] == 5000.0
    assert "errors" not in {one["code"] for one in found["caveats"]}


def test_a_caveat_stays_once_it_has_come(
    rows: Rows, server: psutil.Process, generator: psutil.Process, tmp_path: Path
) -> None:
    figures = LiveFigures(place(tmp_path, server.pid, generator.pid), locust_test("browse"), (server.pid,))
    rows.add(50, 0.001)
    assert "errors" not in {one["code"] for one in tick(figures)["caveats"]}
    rows.add(1, 2.0, kind="status-500")
    assert "errors" in {one["code"] for one in tick(figures)["caveats"]}
    rows.add(50, 2.0)
    assert "errors" in {one["code"] for one in tick(figures)["caveats"]}


def test_a_generator_that_works_without_a_pause_is_a_caveat(
    rows: Rows, server: psutil.Process, tmp_path: Path
) -> None:
    """The process that burns its CPU is the generator here; on a busy machine that may take a while."""
    figures = LiveFigures(place(tmp_path, None, server.pid), locust_test("browse"), ())
    for _ in range(150):
        rows.add(20, 2.0)
        found = tick(figures)
        if "generator-saturated" in {one["code"] for one in found["caveats"]}:
            break
    else:
        pytest.skip("the machine gave no process 80 % of a CPU for two seconds")
    assert found["workers"] == []
    assert found["server_cpu"] is None


def test_before_the_first_request_there_are_no_times(generator: psutil.Process, tmp_path: Path) -> None:
    figures = LiveFigures(place(tmp_path, None, generator.pid), locust_test("browse"), ())
    found = tick(figures)
    assert (found["rps"], found["response"]["p50_ms"], found["caveats"]) == (0.0, None, [])
