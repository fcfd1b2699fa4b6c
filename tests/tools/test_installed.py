"""The wheel, installed as a tool, in the folder of a service whose own packages have the names of ours."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from bench.cli import COMMANDS
from bench.system.ports import free_port
from tests.bench.program import poll, read_until, start
from tests.bench.serve.shown import address, page
from tests.bench.tiny import APP, FILES, Repository
from tests.tools.environments import Tool

ANSWER = """
from bench.words import HELLO
from scenarios.texts import WORLD

async def answer(path):
    return 200, f"{HELLO} {WORLD}".encode()
"""
THEIRS = {
    "bench/__init__.py": "",
    "bench/words.py": "HELLO = 'hello'\n",
    "scenarios/__init__.py": "",
    "scenarios/texts.py": "WORLD = 'world'\n",
    "target_app/__init__.py": "raise RuntimeError('this is the service of somebody else')\n",
    "locustfile.py": "raise RuntimeError('this is a test of somebody else')\n",
}
SHORT = ("--users", "2", "--rounds", "1", "--minutes", "0.05")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of a service with packages of its own that are called bench, scenarios and target_app."""
    folder = tmp_path_factory.mktemp("service")
    for name, text in THEIRS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    setups = '[mine]\nserver = "uvicorn"\napp = "my_app:app"\nhealth = "/"\n\n[mine-2]\nextends = "mine"\n'
    setups += '[behind]\nextends = "mine"\nserver = "gunicorn"\nworkers = 2\n'
    Repository(folder, ANSWER + APP, ("hello",), setups)
    return folder


@pytest.fixture
def copy(service: Path, tmp_path: Path) -> Path:
    """The repository again, for a command that writes into it."""
    return Path(shutil.copytree(service, tmp_path / "service", symlinks=True))


def measured(run: Path) -> dict[tuple[str, str], bool]:
    """Of each setup and engine of a run: whether all its requests were right."""
    records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    return {
        (one["cell"]["setup"], one["cell"]["engine"]): one["summary"]["errors"]
        == 0
        < one["summary"]["requests"]
        for one in records
    }


def test_site_packages_gets_one_package(tool: Tool) -> None:
    installed = {
        path.name for path in tool.packages.iterdir() if path.name not in ("lent.pth", "__pycache__")
    }
    assert {name for name in installed if not name.endswith(".dist-info")} == {"fastapi_bench"}


@pytest.mark.parametrize("what", ["setups", "scenarios", "plans"])
def test_list(tool: Tool, service: Path, what: str) -> None:
    done = tool.bench("list", what, cwd=service)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"setups": "uvicorn", "scenarios": "ping", "plans": "smoke"}[what] in done.stdout


def test_python_m_runs_it_too(tool: Tool, service: Path) -> None:
    done = tool.run(str(tool.python), "-m", "fastapi_bench", "list", "setups", *FILES[:2], cwd=service)
    assert (done.returncode, done.stderr) == (0, "")
    assert "behind" in done.stdout


def test_the_package_itself_changes_nothing_where_it_is_imported(tool: Tool, service: Path) -> None:
    """As a plugin of the service's own tests would."""
    code = "import sys; before = list(sys.path); import fastapi_bench, bench.words; assert sys.path == before"
    assert tool.run(str(tool.python), "-c", code, cwd=service).returncode == 0


@pytest.mark.alone
def test_run_report_compare_and_history(tool: Tool, copy: Path) -> None:
    setups = ("--setup", "mine", "--setup", "behind", "--scenario", "hello")
    engines = ("--engine", "native", "--engine", "locust", "--stretch", "0.5")
    done = tool.bench("run", *FILES, *setups, *engines, *SHORT, "--out", "a", cwd=copy)
    assert done.returncode == 0, done.stderr
    right = {(setup, engine): True for setup in ("mine", "behind") for engine in ("native", "locust")}
    assert measured(copy / "a") == right
    assert (copy / "a" / "report.html").exists()
    assert list((copy / "a" / "charts").glob("*.png"))
    assert tool.bench("report", "a", cwd=copy).returncode == 0
    assert tool.bench("compare", "a", "a", cwd=copy).returncode == 3, "without an anchor nothing can be said"
    anchored = ("--setup", "mine", "--setup", "anchor", "--scenario", "ping")
    done = tool.bench("run", *FILES[:2], *anchored, *SHORT, "--out", "b", cwd=copy)
    assert (copy / "b" / "records.jsonl").exists(), done.stderr
    assert measured(copy / "b")["anchor", "native"]


@pytest.mark.alone
def test_the_demo_app_is_ours_under_every_server(tool: Tool, service: Path, tmp_path: Path) -> None:
    setups = ("uvicorn-2", "gunicorn-1", "granian-1", "hypercorn-1", "anchor")
    named = [word for name in setups for word in ("--setup", name)]
    out = tmp_path / "run"
    done = tool.bench("run", *named, "--scenario", "ping", *SHORT, "--out", str(out), cwd=service)
    assert done.returncode == 0, done.stderr
    assert measured(out) == {(name, "native"): True for name in setups}


def test_serve(tool: Tool, service: Path) -> None:
    program = [str(tool.program)]
    with start("serve", "mine", *FILES[:2], "--port", "0", cwd=service, program=program) as child:
        assert page(address(read_until(child, "Ctrl-C stops it")), "/") == "hello world"
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=10)
    assert child.returncode == 130


def test_locust(tool: Tool, service: Path) -> None:
    web = f"http://127.0.0.1:{free_port()}"
    ports = ("--port", "0", "--web-port", web.rpartition(":")[2])
    with start("locust", "mine", *FILES, *ports, cwd=service, program=[str(tool.program)]) as child:
        read_until(child, "Ctrl-C stops both")
        assert "HelloUser" in poll(lambda: page(web, "/"))
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=10)
    assert child.returncode == 130


def test_exact_and_history(tool: Tool, copy: Path) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    mine = ("exact", "--setup", "mine", *FILES, "--format", "json")
    done = tool.bench(*mine, "--base", "base", "--out", "exact.json", cwd=copy)
    assert done.returncode == 0, done.stderr
    rows = json.loads((copy / "exact.json").read_text())["rows"]
    assert rows
    assert {row["verdict"] for row in rows} == {"no change"}
    done = tool.bench(*mine, "--out", "here.json", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert tool.bench("history", "add", "here.json", "--dirty", cwd=copy).returncode == 0
    assert "hello" in tool.bench("history", "show", cwd=copy).stdout


@pytest.mark.alone
def test_ab_and_noise(tool: Tool, copy: Path) -> None:
    short = ("--seconds", "10", "--pairs", "6", "--format", "json")
    done = tool.bench("ab", "mine", *FILES, "--base", "base", *short, cwd=copy)
    assert done.returncode in (0, 3), done.stderr
    assert {row["metric"] for row in json.loads(done.stdout)["rows"]} >= {"cpu", "throughput"}
    done = tool.bench(
        "noise", "mine", *FILES, "--scenario", "hello", "--seconds", "5", "--pairs", "5", cwd=copy
    )
    assert done.returncode == 0, done.stderr
    assert (copy / "reports" / "noise" / "power.png").exists()


# --- the core alone ------------------------------------------------------------------------------


def test_the_core_has_no_package_of_an_extra(core: Tool, service: Path) -> None:
    names = (
        "fastapi",
        "locust",
        "matplotlib",
        "PIL",
        "sqlalchemy",
        "psycopg",
        "redis",
        "granian",
        "gunicorn",
    )
    code = f"from importlib.util import find_spec; print([name for name in {names} if find_spec(name)])"
    assert core.run(str(core.python), "-c", code, cwd=service).stdout == "[]\n"


@pytest.mark.alone
def test_the_core_measures_a_service_and_says_once_that_charts_are_left_out(core: Tool, copy: Path) -> None:
    mine = ("--setup", "mine", "--scenario", "hello")
    done = core.bench("run", *FILES, *mine, *SHORT, "--out", "a", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert measured(copy / "a") == {("mine", "native"): True}
    assert done.stderr.count("pip install 'fastapi-bench[charts]'") == 1
    page_text = (copy / "a" / "report.html").read_text()
    assert "the extra charts" in page_text
    assert "<svg" not in page_text
    assert "![" not in (copy / "a" / "report.md").read_text()
    assert list((copy / "a" / "charts").iterdir()) == []
    assert core.bench("report", "a", cwd=copy).stderr.count("fastapi-bench[charts]") == 1


LACKING = {
    ("run", "smoke"): "[app,servers]",
    ("serve", "granian-1"): "[app,servers]",
    ("run", *FILES, "--setup", "mine", "--scenario", "hello", "--engine", "locust"): "[locust]",
    ("locust", "mine", *FILES): "[locust]",
    ("selftest", "--engine", "locust"): "[locust]",
    ("generators",): "[app,locust,servers]",
}


@pytest.mark.parametrize("arguments", LACKING, ids=lambda arguments: arguments[0])
def test_a_command_that_needs_an_extra_names_the_command_that_installs_it(
    core: Tool, service: Path, arguments: tuple[str, ...]
) -> None:
    done = core.bench(*arguments, cwd=service)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(core.python) in done.stderr
    assert f"pip install 'fastapi-bench{LACKING[arguments]}'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_core_can_import_the_module_of_every_command(core: Tool, service: Path) -> None:
    """One that an extra alone can import would stand in the way of all of its command."""
    modules = sorted({where.partition(":")[0] for where, _ in COMMANDS.values()})
    home = core.packages / "fastapi_bench"
    code = f"import importlib, sys; sys.path.insert(0, {str(home)!r}); [*map(importlib.import_module, {modules})]"
    done = core.run(str(core.python), "-c", code, cwd=service)
    assert (done.returncode, done.stderr) == (0, "")
