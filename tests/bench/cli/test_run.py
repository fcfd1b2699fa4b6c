"""`bench run` as its user meets it: streams, files and exit statuses; and what `bench report` makes of it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from bench.measure.store import read_run
from tests.bench.program import MINE, bench, bench_here, lives, poll, read_until, start

QUICK = ("run", "tiny", *MINE)


def test_results_go_to_standard_output_and_progress_to_standard_error(folder: Path) -> None:
    done = bench(*QUICK, cwd=folder)
    assert done.returncode == 0
    assert "front-page" in done.stdout
    run = Path(os.readlink(folder / "reports" / "latest"))
    assert done.stdout.endswith(f"\nreport: reports/{run}/report.html\n")
    assert run.name.endswith("-tiny")
    assert done.stderr.startswith(f"tiny: 1 cell in 1 round, about 3 s; writing reports/{run}\n[round 1/1] ")
    assert len(done.stderr.splitlines()) == 2, "a lane that is well is summed up by its round"
    found = {path.name for path in (folder / "reports" / run).iterdir()}
    assert found == {"run.json", "records.jsonl", "results.json", "report.html", "report.md", "charts"}

    again = bench_here("report", cwd=folder)
    assert (again.returncode, again.stdout) == (0, f"reports/{run}/report.html\n")
    compared = bench_here("compare", "reports/latest", f"reports/{run}", cwd=folder)
    assert (compared.returncode, compared.stderr) == (3, "")  # a single repeat shows nothing
    assert "front-page" in compared.stdout
    assert compared.stdout.startswith("inconclusive: ")


def test_json_is_one_record_a_line_and_nothing_else(folder: Path) -> None:
    done = bench(*QUICK, "--json", "--rounds", "2", "--seed", "9", "--out", "out", cwd=folder)
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["run"], record["cell"]["repeat"]) for record in records] == [("out", 0), ("out", 1)]
    assert done.stdout == (folder / "out" / "records.jsonl").read_text()
    assert json.loads((folder / "out" / "run.json").read_text())["seed"] == 9
    assert not (folder / "reports").exists()


def test_a_tag_names_scenarios_in_place_of_the_plans(folder: Path) -> None:
    mine = (folder / "my_scenarios.py").read_text()
    more = "SCENARIOS['tagged'] = Scenario('tagged', get, tags=('quick',))\n"
    (folder / "my_scenarios.py").write_text(mine + more)
    done = bench(*QUICK, "--tag", "quick", "--scenario", "tagged", "--json", "--out", "out", cwd=folder)
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(record["cell"]["scenario"] for record in records) == ["front-page", "tagged"]


def test_stretches_have_a_line_each_and_a_timeline(folder: Path) -> None:
    done = bench(*QUICK, "--long", "--stretch", "0.3", "--out", "out", cwd=folder)
    assert done.returncode == 0
    assert "[round 1/1] plain / front-page / native / 2 users" in done.stderr
    (line,) = (folder / "out" / "records.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert (record["cell"]["load"]["duration_s"], record["summary"]["measured_s"]) == (0.3, 0.3)
    assert record["slices"]["rotation"] == []


def test_a_run_until_it_is_certain_goes_on_beyond_the_plans_rounds(folder: Path) -> None:
    """Of one cell there is nothing to be certain of, so it takes all of its time."""
    done = bench(*QUICK, "--until", "3%", "--minutes", "0.1", "--json", "--out", "out", cwd=folder)
    assert done.returncode == 0
    rounds = [json.loads(line)["cell"]["repeat"] for line in done.stdout.splitlines()]
    assert rounds == list(range(len(rounds)))
    assert json.loads((folder / "out" / "run.json").read_text())["rounds"] == len(rounds) >= 1
    assert "at most" in done.stderr


def test_what_fails_is_told_and_the_rest_is_measured(folder: Path) -> None:
    more = ("--setup", "broken", "--setup", "plain", "--scenario", "raises", "--scenario", "front-page")
    done = bench(*QUICK, *more, "--out", "out", cwd=folder)
    assert done.returncode == 1
    assert "front-page" in done.stdout
    assert done.stdout.endswith("\nreport: out/report.html\n")
    assert "failed: scenario 'raises' raised ValueError: no such luck (" in done.stderr
    assert "failed: setup 'broken': the server ended with status 1; its log:\n    no luck\n" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    records = (folder / "out" / "records.jsonl").read_text().splitlines()
    failures = (folder / "out" / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line)["cell"]["scenario"] for line in records] == ["front-page"]
    assert {json.loads(line)["setup"] for line in failures} == {"broken", "plain"}


def test_nothing_but_failures_is_told_as_such(folder: Path) -> None:
    done = bench(*QUICK, "--setup", "broken", "--json", "--out", "out", cwd=folder)
    assert (done.returncode, done.stdout.strip()) == (1, "")
    assert "failed: setup 'broken'" in done.stderr
    assert "Traceback" not in done.stderr
    assert bench_here("report", "out", cwd=folder).returncode == 0


def test_another_loopback_address_may_be_loaded(folder: Path) -> None:
    (folder / "my_server.py").write_text(
        (folder / "my_server.py").read_text().replace("127.0.0.1", "127.0.0.2")
    )
    done = bench(*QUICK, "--host", "127.0.0.2", "--json", "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr


# --- setups whose program is not installed -------------------------------------------------------


def add_foreign_setup(folder: Path) -> None:
    with (folder / "setups.toml").open("a") as setups:
        setups.write('\n[foreign]\nextends = "plain"\nneeds = "no-such-program"\n')


def test_a_setup_whose_program_is_missing_is_left_out(folder: Path) -> None:
    add_foreign_setup(folder)
    done = bench("run", "tiny", *MINE, "--setup", "foreign", "--setup", "plain", "--out", "out", cwd=folder)
    assert done.returncode == 0
    assert "setup 'foreign' is left out: no-such-program is not installed\n" in done.stderr
    facts = json.loads((folder / "out" / "run.json").read_text())
    assert facts["left_out"] == {"foreign": "no-such-program is not installed"}
    assert (facts["plan"]["cells"], list(facts["plan"]["setups"])) == (1, ["plain"])


def test_nothing_left_is_wrong_usage(folder: Path) -> None:
    add_foreign_setup(folder)
    done = bench("run", "tiny", *MINE, "--setup", "foreign", "--out", "out", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.endswith("bench: there is no setup left to measure\n")
    assert not (folder / "out").exists()


# --- interruption --------------------------------------------------------------------------------

LIGHT = """
[light]
server = "gunicorn"
workers = 2
app = "bench.machine.bare_app:app"
health = "/"
"""
THREE = """
from scenarios.model import Request, Scenario, contains

def ping(rng):
    yield Request("GET", "/", check=contains(b"pong"))

SCENARIOS = {name: Scenario(name, ping) for name in ("one", "two", "three")}
"""
LONG = (
    *("run", "smoke", "--setups", "light.toml", "--setup", "light", "--engine", "native", "--users", "2"),
    *("--scenarios", "three.py", "--scenario", "one", "--scenario", "two", "--scenario", "three"),
    *("--long", "--rounds", "1", "--warmup", "0", "--stretch", "0.4", "--out", "out"),
)


@pytest.mark.parametrize(
    ("signum", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["ctrl-c", "terminated", "killed"],
)
def test_an_interrupted_run_keeps_its_cells_and_leaves_no_process(
    signum: signal.Signals, status: int, tmp_path: Path
) -> None:
    (tmp_path / "light.toml").write_text(LIGHT)
    (tmp_path / "three.py").write_text(THREE)
    with start(*LONG, cwd=tmp_path) as child:
        read_until(child, "[round 1/1]")  # its server goes on with the next cell
        family = psutil.Process(child.pid).children(recursive=True)
        assert any("gunicorn" in " ".join(process.cmdline()) for process in family)
        child.send_signal(signum)
        said = child.communicate(timeout=5)[1]
    assert child.returncode == status
    assert poll(lambda: not any(map(lives, family)), within_s=5)
    left = read_run(tmp_path / "out")
    assert len(left.records) in (1, 2)
    assert left.facts.finished is False
    if signum != signal.SIGKILL:
        assert left.facts.interrupted is True
        assert "the cells so far are in out; `bench report out` charts them\n" in said
        assert "Traceback" not in said
    if signum == signal.SIGINT:
        done = bench_here("report", "out", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, "out/report.html\n")
