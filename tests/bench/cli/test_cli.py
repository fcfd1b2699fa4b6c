"""The command line as a user meets it: processes, streams and exit statuses."""

from __future__ import annotations

import inspect
import os
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from bench.cli import COMMANDS
from tests.bench.program import bench, bench_here

# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=["nothing", "--help"])
def test_help_lists_the_commands_and_what_exit_statuses_mean(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = bench(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and line.strip()]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)
    assert "130" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = bench_here(command, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")
    assert len(done.stdout.splitlines()[2]) > 20  # a sentence about it


def test_run_offers_every_field_of_a_plan(tmp_path: Path) -> None:
    said = bench_here("run", "--help", cwd=tmp_path).stdout
    promised = (
        *("setup", "scenario", "engine", "users", "rate", "rounds", "minutes", "until", "alive", "long"),
        *("stretch", "seed", "out", "setups", "scenarios", "plans", "json"),
    )
    assert [f"--{name}" for name in promised if f"  --{name} " not in said] == []
    assert not any(f"--{name}" in said for name in ("duration", "repeats")), "options of before are refused"


def test_help_answers_before_a_command_or_anything_heavy_is_imported(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "fastapi_bench", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    imported = {module.partition(".")[0] for module in modules}
    assert "typer" in imported
    heavy = {"numpy", "matplotlib", "pydantic", "rich", "sqlalchemy", "psutil", "fastapi", "uvloop", "gevent"}
    assert imported & heavy == set()
    ours = {module for module in modules if module.partition(".")[0] in ("bench", "scenarios")}
    assert ours == {
        *("bench", "bench.cli", "bench.cli._failure", "bench.cli._terminal", "bench.errors"),
        *("bench.model", "bench.model.plan", "bench.model.secrets"),  # what is said is masked
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_names_each_command_with_the_first_line_of_its_docstring(name: str) -> None:
    where, line = COMMANDS[name]
    module, attribute = where.split(":")
    assert module == f"bench.cli.{name}"
    command = getattr(import_module(module), attribute)
    if isinstance(command, typer.Typer):
        assert command.registered_callback is not None
        command = command.registered_callback.callback
    assert str(inspect.getdoc(command)).partition("\n")[0] == line


def test_the_examples_in_the_help_are_commands_that_work(folder: Path) -> None:
    """They get as far as the folder of the run, which is there already; those of --url need a server."""
    said = bench_here("run", "--help", cwd=folder).stdout
    lines = [line for line in said.splitlines() if line.startswith("  bench run") and "--url" not in line]
    examples = [shlex.split(line)[1:] for line in lines]
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
    "endless": ("run --stretch inf", "Invalid value for '--stretch': "),
    "no-round": ("run --rounds 0", "Invalid value for '--rounds': "),
    "no-time": ("run --minutes 0", "Invalid value for '--minutes': "),
    "no-server-alive": ("run --alive 0", "Invalid value for '--alive': "),
    "until-nothing": ("run --until few", "--until"),
    "repeats-of-before": ("run --repeats 3", "--repeats is called --rounds now"),
    "duration-of-before": (
        "run --duration 2.5",
        "measure each cell in one stretch with --long --stretch 2.5",
    ),
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
    "address": ("run smoke --host 10.0.0.1", "--host 10.0.0.1 is not a loopback address; add --allow-remote"),
    "name-of-a-host": ("run smoke --host example.org", "--host example.org is not a loopback address"),
    "everyone": ("run smoke --host 0.0.0.0", "--host 0.0.0.0 is not a loopback address"),
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
    "scenarios-file": ("list scenarios --scenarios setups.toml", "setups.toml:"),
    "scenarios-file-without-table": ("list scenarios --scenarios empty.py", "defines no SCENARIOS table"),
    "scenarios-file-that-raises": ("run --scenarios raising.py", "raising.py:1: ZeroDivisionError: "),
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


@pytest.mark.parametrize(("command", "status"), [("ab", 2), ("compare", 2), ("report", 1)])
def test_a_gate_that_cannot_be_imported_is_no_regression(
    command: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, command, (f"bench.cli.nowhere:{command}", ""))
    monkeypatch.delenv("BENCH_DEBUG", raising=False)
    done = bench_here(command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("bench: unexpected ModuleNotFoundError: ")
