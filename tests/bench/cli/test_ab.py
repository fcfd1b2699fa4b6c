"""`bench ab` as its user meets it: a repository, commits, real servers, an exit status."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.bench.cli.waiting_app import APP, MINE, SETUPS, Repository
from tests.bench.gates.sides.environments import make_environment
from tests.bench.program import read_until, start

SHORT = ("--seconds", "10", "--pairs", "7")  # six of one sign are not yet evidence


def servers(parent: int | None = None) -> list[int]:
    """The servers of the tiny app that run now, or those that a process has started."""
    every = psutil.process_iter() if parent is None else psutil.Process(parent).children(recursive=True)
    found = []
    for process in every:
        with contextlib.suppress(psutil.NoSuchProcess):
            if "my_app:app" in process.cmdline():
                found.append(process.pid)
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.alone
def test_waiting_is_found_and_confirmed_in_the_scenario_that_waits(repository: Repository) -> None:
    """Two milliseconds more of waiting are no instructions; throughput and latency double and halve."""
    repository.app(APP.replace("0.002", "0.004"))
    done = repository.ab("--base", "base", "--scenario", "waits", *SHORT, "--format", "json", "--raw", "raw")
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    rows = {row["metric"]: row for row in said["rows"]}
    crowded = any("wall times" in note for note in said["notes"])  # others kept half of a CPU busy
    assert rows["throughput"]["verdict"] == ("inconclusive" if crowded else "regressed")
    assert 0.4 < rows["throughput"]["low"] <= rows["throughput"]["ratio"] <= rows["throughput"]["high"] < 0.75
    assert "errors" not in rows
    assert done.returncode == 1 or crowded
    lines = [json.loads(line) for line in (repository.folder / "raw").read_text().splitlines()]
    # Seven pairs for the look and seven for the confirmation, of the scenario and of the control each.
    assert [line["scenario"] for line in lines].count("waits") == 14
    assert {line["look"] for line in lines} == {"look 1 of 3", "confirming"}
    (seed,) = {line["seed"] for line in lines}
    assert f"seed: {seed}\n" in done.stderr
    assert all(0 < slice_[3] < slice_[1] for line in lines for slice_ in line["turns"]["head"])
    assert servers() == []


BUMPED = APP.replace("import asyncio\n", "import asyncio\nfrom slowlib import WAIT_S\n").replace(
    "0.002", "WAIT_S"
)


@pytest.mark.alone
def test_a_dependency_that_waits_longer_is_found_between_two_interpreters(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("environments")
    old, new = (
        make_environment(place / name, version, f"WAIT_S = {wait_s}")
        for name, version, wait_s in (("old", "1.0", 0.002), ("new", "1.1", 0.004))
    )
    repository.app(BUMPED)
    asked = ("--base-python", str(old), "--head-python", str(new), "--scenario", "waits")
    done = repository.ab(*asked, *SHORT, "--format", "json")
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    rows = {row["metric"]: row for row in said["rows"]}
    crowded = any("wall times" in note for note in said["notes"])
    assert rows["throughput"]["verdict"] == ("inconclusive" if crowded else "regressed")
    assert 0.4 < rows["throughput"]["low"] <= rows["throughput"]["high"] < 0.75
    assert any("slowlib 1.0 -> 1.1" in note for note in said["notes"])
    assert done.returncode == 1 or crowded


@pytest.mark.alone
def test_on_a_single_cpu_no_time_is_judged(repository: Repository) -> None:
    repository.app(APP.replace("0.002", "0.004"))
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        done = repository.ab("--base", "base", "--scenario", "waits", *SHORT, "--format", "json")
    finally:
        os.sched_setaffinity(0, cpus)
    said = json.loads(done.stdout)
    rows = {row["metric"]: row for row in said["rows"]}
    assert {rows[metric]["verdict"] for metric in ("cpu", "throughput", "p50", "p99")} == {"inconclusive"}
    assert rows["throughput"]["ratio"] < 0.75
    assert any("only CPU" in note for note in said["notes"])
    assert done.returncode == 3


@pytest.mark.parametrize("server", ["command", "uvicorn"])
def test_an_editable_install_that_both_sides_would_run_is_refused(
    repository: Repository, server: str
) -> None:
    """The app lies in src/, which only the machine's own path leads to: to the working tree's."""
    repository.git("checkout", "-q", "base")
    source = repository.folder / "src"
    source.mkdir()
    (repository.folder / "my_app.py").rename(source / "my_app.py")
    how = (
        'server = "command"\ncommand = ["python", "-m", "uvicorn", "my_app:app", "--port", "{port}"]\n'
        if server == "command"
        else 'server = "uvicorn"\napp = "my_app:app"\n'
    )
    (repository.folder / "setups.toml").write_text(f'[mine]\n{how}health = "/calm"\n')
    repository.commit("base")
    (source / "my_app.py").write_text(APP.replace("0.002", "0.004"))
    done = repository.bench("ab", *MINE, "--base", "base", "--scenario", "waits", PYTHONPATH=str(source))
    assert (done.returncode, done.stdout) == (2, "")
    assert "not src/my_app.py of its own tree" in done.stderr
    assert "look 1" not in done.stderr


def test_each_side_runs_in_its_own_folder_with_its_own_files_and_what_is_carried(
    repository: Repository,
) -> None:
    """A src layout in a folder below, a page by a relative path, a setting at import, and a file that git ignores."""
    service = repository.folder / "service"
    (service / "src").mkdir(parents=True)
    needy = APP.replace('b"hello"', 'open("page", "rb").read()')
    (service / "src" / "my_app.py").write_text(
        f"import os\nos.environ['NEEDED']\nopen('needed.local')\n{needy}"
    )
    (repository.folder / "my_app.py").unlink()
    (service / "page").write_text("hello")
    (repository.folder / ".gitignore").write_text("*.local\n")
    (repository.folder / "setups.toml").write_text(
        SETUPS + 'cwd = "service"\napp_dir = "src"\nenv = { NEEDED = "yes" }\ncarry = ["needed.local"]\n'
    )
    repository.commit("base")
    (service / "needed.local").write_text("")
    (service / "page").write_text("good bye")
    done = repository.ab("--base", "base", "--scenario", "waits")
    assert done.returncode == 1, done.stderr
    assert "in the head scenario 'waits': GET /waits answered wrong-body" in " ".join(done.stdout.split())


def test_an_endpoint_that_is_renamed_is_a_regression_and_measured_no_further(repository: Repository) -> None:
    repository.app(APP.replace('("/waits", "/calm")', '("/waits-longer", "/calm")'))
    done = repository.ab("--base", "base", "--scenario", "waits")
    assert done.returncode == 1, done.stderr
    assert "regressed: waits" in done.stdout
    assert "in the head scenario 'waits': GET /waits answered status-404" in " ".join(done.stdout.split())
    assert "look 1" not in done.stderr


def test_an_endpoint_that_the_base_lacks_has_nothing_to_be_compared_with(repository: Repository) -> None:
    repository.app(APP.replace('("/waits", "/calm")', '("/waits", "/calm", "/new")'))
    repository.names("new")
    done = repository.ab("--base", "base")
    assert done.returncode == 3, done.stderr
    assert "nothing to compare with" in done.stdout
    passed = repository.ab("--base", "base", "--inconclusive", "pass")
    assert passed.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--base", "nowhere"), "'nowhere' names no commit here", id="an unreachable ref"),
        pytest.param((), "nothing to compare with: give --base REF, or a second setup", id="no base"),
        pytest.param(("mine", "--base", "base"), "leave --base, --head", id="setups and commits"),
        pytest.param(
            ("--base", "base", "--scenario", "wait"), "did you mean 'waits'?", id="misspelt scenario"
        ),
        pytest.param(
            ("--base", "base", "--margin", "x"), "--margin x: give a percentage", id="no percentage"
        ),
    ],
)
def test_what_cannot_be_asked_is_status_2_and_a_sentence(
    repository: Repository, arguments: tuple[str, ...], said: str
) -> None:
    done = repository.ab(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_head_that_does_not_start_is_a_failure_with_the_end_of_its_log(repository: Repository) -> None:
    repository.app("raise RuntimeError('no such luck')")
    done = repository.ab("--base", "base")
    assert done.returncode == 2
    assert "no such luck" in done.stderr
    assert repository.worktrees() == 1


def test_two_setups_are_compared_until_ctrl_c_stops_both(repository: Repository) -> None:
    (repository.folder / "setups.toml").write_text(
        SETUPS + '[slow]\nextends = "mine"\nenv = { WAIT = "8" }\n'
    )
    with start("ab", "mine", "slow", *MINE[1:], *SHORT, cwd=repository.folder) as child:
        read_until(child, "rounds")
        found = [psutil.Process(pid).environ() for pid in servers(child.pid)]
        waits = [one.get("WAIT") for one in found]
        assert {one.get("PYTHONPATH") for one in found} == {os.environ.get("PYTHONPATH")}
        assert (waits.count(None), waits.count("8")) == (7, 7)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
    assert (servers(), repository.worktrees()) == ([], 1)
