"""The command line as a user meets it: processes, streams and exit statuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.measure.store import read_run
from bench.plan.config import load_setups
from scenarios import SCENARIOS
from tests.bench.program import MINE, bench, bench_here, lay_out, lives, poll, said_until, started

COMMANDS = ("run", "report", "list", "serve", "locust", "compare", "export", "doctor")
QUICK = ("run", "tiny", *MINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    return tmp_path


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["nothing", "--help"])
def test_help_lists_the_commands_and_what_exit_statuses_mean(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = bench(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and line.strip()]
    assert set(COMMANDS) <= set(listed)
    assert "130" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = bench_here(command, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")
    assert len(done.stdout.splitlines()[2]) > 20  # a sentence about it


def test_run_offers_every_field_of_a_plan(tmp_path: Path) -> None:
    said = bench_here("run", "--help", cwd=tmp_path).stdout
    promised = "setup scenario engine users rate duration repeats seed out setups scenarios plans json"
    assert [f"--{name}" for name in promised.split() if f"  --{name} " not in said] == []


def test_help_answers_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "bench", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    heavy = {"numpy", "matplotlib", "pydantic", "rich", "sqlalchemy", "psutil", "fastapi", "uvloop", "gevent"}
    assert imported & heavy == set()


def test_the_examples_in_the_help_are_commands_that_work(folder: Path) -> None:
    """They get as far as the folder of the run, which is there already."""
    said = bench_here("run", "--help", cwd=folder).stdout
    examples = [line.split()[1:] for line in said.splitlines() if line.startswith("  bench run")]
    assert len(examples) >= 3
    for example in examples:
        done = bench_here(*example, "--out", ".", cwd=folder)
        assert (done.returncode, done.stderr) == (2, "bench: .: there is a run already; give another --out\n")


# --- wrong usage ---------------------------------------------------------------------------------

LAST_CPU = max(os.sched_getaffinity(0))
PINNED = f"""
[last]
extends = "uvicorn"
cpus = [{LAST_CPU}]
[absent]
extends = "uvicorn"
cpus = [4096]
"""
WRONG = {
    "command": ("rnu", "Did you mean 'run'?"),
    "option": ("run --sceanrio x", "unknown option '--sceanrio'; did you mean '--scenario'?"),
    "option-unlike-any": ("list setups --zzz", "unknown option '--zzz'; there are: --help, --plans, "),
    "value": ("run --users few", "Invalid value for '--users': "),
    "too-few": ("run --users 0", "Invalid value for '--users': "),
    "endless": ("run --duration inf", "Invalid value for '--duration': "),
    "no-value": ("run --rate", "'--rate' requires an argument"),
    "choice": ("run --arrivals pareto", "'pareto' is not one of 'poisson', 'uniform'"),
    "kind": ("list setup", "'setup' is not one of 'setups', 'scenarios', 'plans'"),
    "too-much": ("run smoke default", "(default)"),
    "too-little": ("compare a", "Missing argument 'NEW'"),
    "plan": ("run smok", "unknown plan 'smok'; did you mean 'smoke'?"),
    "setup": ("run --setup uvicron", "unknown setup 'uvicron'; did you mean 'uvicorn'?"),
    "scenario": ("run --scenario noop-asinc", "unknown scenario 'noop-asinc'; did you mean 'noop-async'?"),
    "engine": ("run --engine nativ", "unknown engine 'nativ'; did you mean 'native'?"),
    "engine-and-load": ("run --engine locust --rate 5", "the locust engine only drives closed loads"),
    "setup-to-serve": ("serve uvicron", "unknown setup 'uvicron'; did you mean 'uvicorn'?"),
    "setup-for-locust": ("locust uvicron", "unknown setup 'uvicron'; did you mean 'uvicorn'?"),
    "address": ("run smoke --host 10.0.0.1", "--host 10.0.0.1 is no loopback address; add --allow-remote"),
    "name-of-a-host": ("run smoke --host example.org", "--host example.org is no loopback address"),
    "everyone": ("run smoke --host 0.0.0.0", "--host 0.0.0.0 is no loopback address"),
    "cpus-of-the-generator": (
        "run --setups pinned.toml --setup last --scenario noop-async --users 1",
        f"setup 'last': cpus: the load generator has {LAST_CPU}; give the server others",
    ),
    "cpus-of-the-generator-in-a-search": (
        "capacity --setups pinned.toml last noop-async",
        f"setup 'last': cpus: the load generator has {LAST_CPU}; give the server others",
    ),
    "cpu-that-is-not-there": (
        "run --setups pinned.toml --setup absent --scenario noop-async --users 1",
        "setup 'absent': cpus: there is no CPU 4096",
    ),
    "out": ("run smoke --out .", ".: there is a run already; give another --out"),
    "no-run": ("report .", "no run here"),
    "no-run-to-compare": ("compare nowhere .", "nowhere: no run here"),
    "setups-file": ("list setups --setups nowhere.toml", "nowhere.toml: there is no such file"),
    "plans-file": ("list plans --plans my_server.py", "my_server.py: not valid TOML: "),
    "scenarios-file": ("list scenarios --scenarios setups.toml", "setups.toml: "),
    "scenarios-file-without-table": ("list scenarios --scenarios empty.py", "defines no SCENARIOS table"),
    "scenarios-file-that-raises": ("run --scenarios raising.py", "raising.py: ZeroDivisionError: "),
}


@pytest.mark.parametrize(("line", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_is_one_sentence_and_status_2(line: str, sentence: str, folder: Path) -> None:
    (folder / "empty.py").touch()
    (folder / "pinned.toml").write_text(PINNED)
    (folder / "raising.py").write_text("1 / 0")
    done = bench_here(*line.split(), cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
    assert not (folder / "reports").exists()


def test_a_process_ends_with_the_status_and_says_the_same(folder: Path) -> None:
    wrong = ("run", "--sceanrio", "x")
    there, here = bench(*wrong, cwd=folder), bench_here(*wrong, cwd=folder)
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout) == (2, "")
    assert there.stderr.partition(" (see ")[0] == here.stderr.partition(" (see ")[0]


# --- list ----------------------------------------------------------------------------------------


def test_list_names_ours_and_the_users_with_a_line_about_each(folder: Path) -> None:
    (folder / "scenarios.py").write_text("raise RuntimeError('this file was not asked for')")
    listed = {}
    for kind in ("setups", "scenarios", "plans"):
        done = bench("list", kind, *MINE, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        listed[kind] = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if "  " in line)
    assert listed["setups"].items() >= {name: setup.about for name, setup in load_setups().items()}.items()
    assert listed["setups"]["plain"] == "a server of my own"
    assert listed["scenarios"].items() >= {name: one.about for name, one in SCENARIOS.items()}.items()
    assert listed["scenarios"]["front-page"] == "The page of my own server."
    ours = {"smoke", "default", "full", "tfb", "databases", "features", "history", "study"}
    assert set(listed["plans"]) == {*ours, "tiny"}


def test_a_reader_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    """As in `bench list setups | head -1`, with the reader gone before the first line."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bench", "list", "setups"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


# --- run, report, compare ------------------------------------------------------------------------


def test_results_go_to_standard_output_and_progress_to_standard_error(folder: Path) -> None:
    done = bench(*QUICK, cwd=folder)
    assert done.returncode == 0
    assert "front-page" in done.stdout
    run = Path(os.readlink(folder / "reports" / "latest"))
    assert done.stdout.endswith(f"\nreport: reports/{run}/report.html\n")
    assert run.name.endswith("-tiny")
    assert done.stderr.startswith(f"tiny: 1 cell, about 2 s; writing reports/{run}\n[1/1] plain / front-page")
    assert "requests/s" in done.stderr
    found = {path.name for path in (folder / "reports" / run).iterdir()}
    assert found == {"run.json", "records.jsonl", "report.html", "report.md", "charts"}

    again = bench_here("report", cwd=folder)
    assert (again.returncode, again.stdout) == (0, f"reports/{run}/report.html\n")
    compared = bench_here("compare", "reports/latest", f"reports/{run}", cwd=folder)
    assert (compared.returncode, compared.stderr) == (3, "")  # a single repeat shows nothing
    assert "front-page" in compared.stdout
    assert "~" in compared.stdout


def test_json_is_one_record_a_line_and_nothing_else(folder: Path) -> None:
    done = bench(*QUICK, "--json", "--repeats", "2", "--seed", "9", "--out", "out", cwd=folder)
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["run"], record["cell"]["repeat"]) for record in records] == [("out", 0), ("out", 1)]
    assert done.stdout == (folder / "out" / "records.jsonl").read_text()
    assert json.loads((folder / "out" / "run.json").read_text())["seed"] == 9
    assert not (folder / "reports").exists()


def test_what_fails_is_told_and_the_rest_is_measured(folder: Path) -> None:
    more = ("--setup", "broken", "--setup", "plain", "--scenario", "raises", "--scenario", "front-page")
    done = bench(*QUICK, *more, "--out", "out", cwd=folder)
    assert done.returncode == 1
    assert "front-page" in done.stdout
    assert done.stdout.endswith("\nreport: out/report.html\n")
    assert "failed: scenario 'raises' raised ValueError: no such luck\n" in done.stderr
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
    *("--warmup", "0", "--duration", "0.4", "--out", "out"),
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
    with started(*LONG, cwd=tmp_path) as child:
        said_until(child, "[1/3]")  # its server goes on with the next cell
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
