"""Commands in the folder of a service with a bench.toml: none needs the names of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.cli.environment import make_environment
from tests.bench.cli.waiting_app import APP
from tests.bench.program import bench, bench_here

BENCH = """
scenarios = "bench_scenarios.py"

[service]
name = "shop"
app = "my_app:app"
health = "/calm"
env = { PLACE = "{tmp}" }
"""
SCENARIOS = """
from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

SCENARIOS = {"calm": Scenario(name="calm", flow=Always(Request("GET", "/calm", check=contains(b"hello"))))}
"""
DEEP = "api/v1"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """The root of a repository that holds an app, its bench.toml and its scenarios, and a folder below."""
    (tmp_path / ".git").mkdir()
    (tmp_path / DEEP).mkdir(parents=True)
    (tmp_path / "my_app.py").write_text(APP)
    (tmp_path / "bench.toml").write_text(BENCH)
    (tmp_path / "bench_scenarios.py").write_text(SCENARIOS)
    return tmp_path


def test_run_alone_measures_the_service_under_several_servers(service: Path) -> None:
    done = bench("run", "--rounds", "1", "--minutes", "0.05", "--json", "--out", "out", cwd=service)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("configuration: bench.toml\n")
    assert done.stderr.count("bench.toml") == 1
    records = [json.loads(line) for line in done.stdout.splitlines()]
    cells = {(record["cell"]["setup"], record["cell"]["scenario"]) for record in records}
    assert cells == {(name, "calm") for name in ("uvicorn", "granian-1", "gunicorn-1", "hypercorn-1")}
    assert all(record["summary"]["errors"] == 0 < record["summary"]["requests"] for record in records)
    facts = json.loads((service / "out" / "run.json").read_text())
    setup = facts["plan"]["setups"]["granian-1"]
    assert (facts["plan"]["name"], setup["app"], setup["env"]) == (
        "default",
        "my_app:app",
        {"PLACE": "{tmp}"},
    )


def test_run_leaves_out_the_servers_that_the_service_lacks(
    service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    make_environment(service / ".venv", ["uvicorn", "h11", "click", "typing_extensions.py"])
    done = bench(
        "run", "--rounds", "1", "--minutes", "0.05", "--json", "--out", "../../out", cwd=service / DEEP
    )
    assert done.returncode == 0, done.stderr
    assert "setup 'granian-1' is left out: " in done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["cell"]["setup"] for record in records} == {"uvicorn-asyncio-h11"}
    facts = json.loads((service / "out" / "run.json").read_text())
    assert set(facts["left_out"]) == {"granian-1", "gunicorn-1", "hypercorn-1"}


def test_lists_show_what_the_service_has(service: Path) -> None:
    listed = {}
    for kind in ("setups", "scenarios", "plans"):
        done = bench_here("list", kind, cwd=service / DEEP)
        assert (done.returncode, done.stderr) == (0, "configuration: ../../bench.toml\n")
        listed[kind] = {line.split()[0] for line in done.stdout.splitlines()}
    assert listed["setups"] >= {"uvicorn", "granian-1", "gunicorn-1", "hypercorn-1"}
    assert listed["scenarios"] == {"calm"}
    assert listed["plans"] == {"default", "smoke", "history"}


def test_options_go_before_the_file(service: Path) -> None:
    (service / "more.toml").write_text('[mine]\nextends = "uvicorn"\nabout = "of the option"\n')
    (service / "other.py").write_text(SCENARIOS.replace('"calm"', '"other"'))
    setups = bench_here("list", "setups", "--setups", "more.toml", cwd=service).stdout
    assert "mine" in setups
    assert "granian-1" in setups
    assert bench_here("list", "scenarios", "--scenarios", "other.py", cwd=service).stdout.split() == ["other"]


NEEDLESS = {
    "run": ("run", "--setup", "uvicron"),
    "ab": ("ab", "uvicron", "--base", "HEAD"),
    "exact": ("exact", "--setup", "uvicron"),
    "capacity": ("capacity", "uvicron", "calm"),
    "noise": ("noise", "uvicron"),
    "serve": ("serve", "uvicron"),
    "locust": ("locust", "uvicron"),
}


@pytest.mark.parametrize("words", NEEDLESS.values(), ids=NEEDLESS.keys())
def test_every_command_reads_the_file(service: Path, words: tuple[str, ...]) -> None:
    """The setup's name is wrong: what is known shows in the answer."""
    done = bench_here(*words, cwd=service)
    said = "bench: unknown setup 'uvicron'; did you mean 'uvicorn'?"
    assert done.stderr.splitlines()[0] == "configuration: bench.toml"
    assert done.stderr.splitlines()[-1].startswith(said)
    (service / "bench.toml").write_text(BENCH.replace("health", "helth"))
    broken = bench_here(*words, cwd=service)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert broken.stderr.startswith("bench: bench.toml: [service]: unknown key 'helth'")


def test_the_scenarios_of_the_file_are_those_that_gates_take(service: Path) -> None:
    """Each says that the scenario is unknown, and guesses the one of the file."""
    for words in (("ab", "uvicorn", "granian-1"), ("exact",), ("noise",), ("run",)):
        done = bench_here(*words, "--scenario", "clam", cwd=service)
        assert (done.returncode, done.stdout) == (2, "")
        assert "unknown scenario 'clam'; did you mean 'calm'?" in done.stderr
        of_the_demo = bench_here(*words, "--scenario", "noop-async", cwd=service)
        assert "unknown scenario 'noop-async'; there are: calm, ping" in of_the_demo.stderr


GATES = (("ab", "--base", "main"), ("exact", "--base", "main"), ("exact",), ("noise",))


@pytest.mark.parametrize("words", GATES, ids=" ".join)
def test_the_demos_scenarios_are_sent_to_no_service(service: Path, words: tuple[str, ...]) -> None:
    """Each of them would fail: what lacks is a scenario of its own."""
    (service / "setups.toml").write_text('[uvicorn]\nextends = "uvicorn"\napp = "my_app:app"\n')
    (service / "bench.toml").write_text(BENCH.replace("scenarios", "# scenarios"))
    done = [bench_here(*words, cwd=service)]
    (service / "bench.toml").unlink()
    done += [
        bench_here(*words, *more, cwd=service)
        for more in (("--app", "my_app:app"), ("--setups", "setups.toml"))
    ]
    assert [each.returncode for each in done] == [2, 2, 2]
    assert all("bench: you have no scenario of your own to measure" in each.stderr for each in done)
