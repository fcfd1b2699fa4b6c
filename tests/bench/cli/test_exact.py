"""The gate as its user meets it: a repository, commits, `bench exact`, an exit status. Needs valgrind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.bench import tiny
from tests.bench.gates.sides.environments import make_environment
from tests.bench.program import bench_here, read_until, start

APP = (
    tiny.APP
    + """
async def answer(path):
    if path == "/busy":
        return 200, await busy()
    return (200, b"hello") if path == "/calm" else (404, b"")

ROW = (None,) * (TURNS)  # to go through it makes no object, which would cost by its place in memory

async def busy():
    for _ in ROW:
        pass
    return b"hello"
"""
)
TURNS = 2_000
BYTECODES_A_TURN = 3  # FOR_ITER, STORE_FAST, JUMP_BACKWARD: see `python -m dis`

MARKING = APP.replace(
    "async def busy():",
    """
import itertools, os
asked = itertools.count()

async def busy():
    if next(asked) == 60:  # a while after the warm-up
        os.getppid()
""",
)

COSTLY = 'SCENARIOS["dear"] = Scenario("dear", asking("/busy"), costly=True)\n'
MINE = ("--setup", "mine", *tiny.FILES)

needs_valgrind = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="valgrind is not installed; on Debian: apt-get install valgrind"
)


class Repository(tiny.Repository):
    """Each commit stands on a branch of its own, and starts from `base`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, APP, ("busy", "calm"))

    def app(self, source: str) -> None:
        super().app(source.replace("TURNS", str(TURNS)))

    def branch(self, branch: str, app: str = APP, names: tuple[str, ...] = ("busy", "calm")) -> None:
        self.git("checkout", "-q", "base")
        self.names(*names)
        self.app(app)
        self.commit(branch)

    def exact(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.bench("exact", *MINE, *arguments, **env)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def rows(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.stdout, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)["rows"]}


@needs_valgrind
def test_five_percent_more_turns_are_found_in_that_endpoint_alone(repository: Repository) -> None:
    repository.branch("slow", APP.replace("(TURNS)", f"(TURNS + {TURNS // 20})"))
    done = repository.exact("--base", "base", "--format", "json")
    found = rows(done)
    assert {name: row["verdict"] for name, row in found.items()} == {"busy": "regressed", "calm": "no change"}
    # The loop is what busy has and calm has not; its twentieth is what head has and base has not.
    loop = found["busy"]["base"] - found["calm"]["base"]
    assert found["busy"]["ratio"] == pytest.approx(1 + loop / 20 / found["busy"]["base"], abs=0.001)
    reason = f"busy (my_app.py): +{TURNS // 20 * BYTECODES_A_TURN:,} bytecodes a request"
    assert reason in found["busy"]["why"]
    assert (done.returncode, repository.worktrees()) == (1, 1)


@needs_valgrind
def test_a_comment_and_a_function_that_nobody_calls_change_nothing(repository: Repository) -> None:
    unused = "\n# Words.\ndef unused(a, b):\n    '''More words.'''\n    return [a, b]\n"
    repository.branch("docs", unused + APP)
    done = repository.exact("--base", "base", "--head", "docs", "--format", "json")
    assert {name: row["verdict"] for name, row in rows(done).items()} == {
        "busy": "no change",
        "calm": "no change",
    }
    assert done.returncode == 0


@needs_valgrind
def test_what_is_new_is_inconclusive_and_may_pass_but_what_is_gone_fails(repository: Repository) -> None:
    renamed = APP.replace('path == "/calm"', 'path == "/fresh"')
    repository.branch("renamed", renamed, names=("busy", "fresh"))
    done = repository.exact("--base", "base", "--format", "json", "--inconclusive", "pass")
    found = rows(done)
    assert {name: (row["verdict"], row["why"]) for name, row in found.items() if name != "busy"} == {
        "fresh": ("inconclusive", ["missing in base: nothing to compare with"]),
        "calm": ("regressed", ["missing in head: the scenario is gone"]),
    }
    assert json.loads(done.stdout)["verdict"] == "regressed"
    assert "Missing in base, scenario fresh: GET /fresh is not found." in json.loads(done.stdout)["notes"]
    assert done.returncode == 1
    fresh = ("--base", "base", "--scenario", "fresh")
    assert repository.exact(*fresh).returncode == 3
    assert repository.exact(*fresh, "--inconclusive", "pass").returncode == 0


@needs_valgrind
@pytest.mark.parametrize(
    ("app", "scenario", "said"),
    [
        pytest.param(APP.replace('b"hello"', 'b"good bye"'), "calm", "wrong-body", id="a wrong answer"),
        pytest.param(
            APP.replace('"/calm"', '"/quiet"'), "calm", "GET /calm is not found", id="a lost endpoint"
        ),
        pytest.param(
            "import nowhere", "calm", "No module named 'nowhere'", id="an app that cannot be imported"
        ),
        pytest.param(
            "import os\nos._exit(0)", "calm", "ended without an answer", id="an app that ends the process"
        ),
        pytest.param(MARKING, "busy", "calls getppid", id="an app that makes our marks"),
    ],
)
def test_a_head_that_cannot_be_measured_is_a_failure(
    repository: Repository, app: str, scenario: str, said: str
) -> None:
    repository.branch("broken", app)
    done = repository.exact("--base", "base", "--scenario", scenario)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "head" in done.stderr
    assert repository.worktrees() == 1


@needs_valgrind
def test_an_app_that_is_not_in_the_tree_is_not_compared_with_itself(repository: Repository) -> None:
    (repository.folder / "setups.toml").write_text(tiny.SETUPS.replace("my_app", "bench.machine.bare_app"))
    (repository.folder / "my_scenarios.py").write_text(
        f"NAMES = ('bench/ping',)\n{tiny.SCENARIOS.replace('hello', 'pong')}"
    )
    done = repository.exact("--base", "base")
    assert (done.returncode, "not from its own tree" in done.stderr) == (2, True)


NOISY = (
    tiny.APP.replace('("startup", "shutdown"):', '("startup", "shutdown"):\n            os.chdir("/")')
    + """
import os, signal, sys

print("imported")
print('{"rows": "not really"}', flush=True)
signal.signal(signal.SIGINT, signal.SIG_IGN)
PLACE = os.path.abspath("my_app.py")

async def answer(path):
    print("x" * 5000)
    print("y" * 5000, file=sys.stderr)
    return 200, b"hello" if os.path.realpath(PLACE) else b""
"""
)
"""It writes a lot and goes away; requests resolve a path of the folder that it was in."""

LOUD = tiny.SCENARIOS.replace("    def flow(rng):", "    def flow(rng):\n        print('going', end='')")


@needs_valgrind
def test_the_same_commit_is_no_change_whatever_the_app_writes_and_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er" / "than" / "a" / "worktree"
    folder.mkdir(parents=True)
    repository = Repository(folder)
    (folder / "my_scenarios.py").write_text(f"NAMES = ('calm',)\nprint('hello', end='')\n{LOUD}")
    (folder / ".gitignore").write_text("*.local\n")
    repository.app(NOISY)
    repository.commit("base")
    (folder / "settings.local").write_text("")
    done = repository.exact("--base", "base", "--format", "json")
    row = rows(done)["calm"]
    assert (row["verdict"], done.returncode) == ("no change", 0)
    assert row["ratio"] == pytest.approx(1, abs=0.001)
    assert "settings.local" in json.loads(done.stdout)["notes"][0]


@needs_valgrind
def test_without_a_base_the_figures_are_written(repository: Repository) -> None:
    mine = repository.folder / "my_scenarios.py"
    mine.write_text(mine.read_text() + COSTLY)
    done = repository.exact("--out", "deep/figures.json", "--format", "json")
    said = json.loads((repository.folder / "deep" / "figures.json").read_text())
    assert (done.returncode, said["verdict"]) == (0, None)
    counted = {row["name"]: row["head"] for row in said["rows"]}
    assert list(counted) == ["busy", "calm"]
    assert (
        said["notes"][0]
        == "Left out, as a session takes very many instructions: dear; --scenario counts them."
    )
    assert said["notes"][-1] == f"Service: {repository.folder.name}."
    # The interpreter takes some 10 instructions for a bytecode, and a turn has three.
    assert 15 < (counted["busy"] - counted["calm"]) / TURNS < 90
    assert f"{counted['busy']:,.0f}" in done.stdout


BUMPED = (
    tiny.APP
    + """
import slowlib

async def answer(path):
    slowlib.work()
    return 200, b"hello"
"""
)
SLOWLIB = "ROW = (None,) * {turns}\n\ndef work():\n    for _ in ROW:\n        pass\n"
INSTALL = """
import sys, venv
from pathlib import Path

venv.create(".venv")
(packages,) = Path(".venv").glob("lib/python3*/site-packages")
(packages / "shared.pth").write_text(sys.argv[1])
(packages / "slowlib.py").write_text(Path("wanted.txt").read_text())
"""
"""As an installer of packages does it: what is wanted stands in a file of the version."""


@needs_valgrind
def test_a_dependency_with_more_instructions_is_found_between_two_interpreters(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("environments")
    old, new = (
        make_environment(place / name, version, SLOWLIB.format(turns=turns))
        for name, version, turns in (("old", "1.0", TURNS), ("new", "1.1", TURNS + TURNS // 20))
    )
    repository.app(BUMPED)
    asked = ("--base-python", str(old), "--head-python", str(new), "--scenario", "calm", "--format", "json")
    done = repository.exact(*asked)
    row = rows(done)["calm"]
    assert (row["verdict"], done.returncode) == ("regressed", 1)
    assert f"work (slowlib.py): +{TURNS // 20 * BYTECODES_A_TURN:,} bytecodes a request" in row["why"]
    assert any("slowlib 1.0 -> 1.1" in note for note in json.loads(done.stdout)["notes"])


@needs_valgrind
def test_a_dependency_that_each_version_installs_is_that_versions(repository: Repository) -> None:
    (repository.folder / "install.py").write_text(INSTALL)
    (repository.folder / ".gitignore").write_text(".venv\n")
    (repository.folder / "wanted.txt").write_text(SLOWLIB.format(turns=TURNS))
    repository.app(BUMPED)
    repository.commit("base")
    (repository.folder / "wanted.txt").write_text(SLOWLIB.format(turns=TURNS + TURNS // 20))
    install = shlex.join([sys.executable, "install.py", sysconfig.get_path("purelib")])
    done = repository.exact("--base", "base", "--install", install, "--scenario", "calm", "--format", "json")
    row = rows(done)["calm"]
    assert (row["verdict"], done.returncode) == ("regressed", 1)
    assert not (repository.folder / ".venv").exists()
    assert repository.worktrees() == 1


NEEDY = (
    tiny.APP
    + """
import os
KEY = os.environ["NEEDED_KEY"]
URL = os.environ["QUEUE"]
HOME = open("data/" + "home.local").read()

async def answer(path):
    return (200, b"hello") if URL.startswith("redis://") and KEY == "k" else (500, b"")
"""
)


@needs_valgrind
def test_settings_services_and_carried_files_are_there_for_both(repository: Repository) -> None:
    """An app that cannot be imported without any of them; each arm has a service of its own."""
    (repository.folder / "setups.toml").write_text(
        tiny.SETUPS
        + 'services = ["redis"]\nenv = { NEEDED_KEY = "k", QUEUE = "{redis}" }\ncarry = ["data/home.local"]\n'
    )
    (repository.folder / ".gitignore").write_text("*.local\n")
    repository.app(NEEDY)
    repository.commit("base")
    (repository.folder / "data").mkdir()
    (repository.folder / "data" / "home.local").write_text("1")
    done = repository.exact("--base", "base", "--scenario", "calm", "--format", "json")
    assert (rows(done)["calm"]["verdict"], done.returncode) == ("no change", 0)


PAGES = (
    tiny.APP
    + """
from string import Template

async def answer(path):
    rows = "".join(Template(open("templates/row").read()).substitute(n=n) for n in range(10))
    return 200, ("hello" + rows).encode()
"""
)


@needs_valgrind
def test_each_version_reads_its_own_templates_wherever_the_setup_runs(repository: Repository) -> None:
    """In a folder below, with a src layout there: `cwd` and `app_dir`."""
    (repository.folder / "setups.toml").write_text(tiny.SETUPS + 'cwd = "service"\napp_dir = "src"\n')
    for folder in ("service/src", "service/templates"):
        (repository.folder / folder).mkdir(parents=True)
    (repository.folder / "my_app.py").unlink()
    (repository.folder / "service/src/my_app.py").write_text(PAGES)
    (repository.folder / "service/templates/row").write_text("$n")
    repository.commit("base")
    (repository.folder / "service/templates/row").write_text("$n" * 40)
    done = repository.exact("--base", "base", "--scenario", "calm", "--format", "json")
    row = rows(done)["calm"]
    assert (row["verdict"], done.returncode) == ("regressed", 1)
    assert row["ratio"] > 2


@needs_valgrind
def test_what_a_killed_run_leaves_goes_with_the_next(repository: Repository) -> None:
    with start("exact", *MINE, "--base", "base", cwd=repository.folder) as child:
        read_until(child, "base: ")
        child.kill()
        child.wait(30)
    assert repository.worktrees() == 3
    done = repository.exact("--base", "base", "--scenario", "calm")
    assert done.returncode == 0, done.stderr
    assert repository.worktrees() == 1


@needs_valgrind
def test_ctrl_c_leaves_no_worktree_behind(repository: Repository) -> None:
    with start("exact", *MINE, "--base", "base", cwd=repository.folder) as child:
        read_until(child, "base: ")
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
    assert repository.worktrees() == 1


def test_without_valgrind_it_says_how_to_get_it(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tools = tmp_path_factory.mktemp("tools")
    (tools / "git").symlink_to(shutil.which("git") or "/usr/bin/git")
    for arguments in ((), ("--base", "base")):
        done = repository.exact(*arguments, PATH=str(tools))
        assert (done.returncode, done.stdout) == (2, "")
        assert "valgrind is not installed" in done.stderr
        assert "apt-get install valgrind" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--scenario", "bussy"), "did you mean 'busy'?", id="an unknown scenario"),
        pytest.param(("--base", "nowhere"), "'nowhere' names no commit", id="an unreachable ref"),
        pytest.param(
            ("--base", "base", "--head", "nowhere"), "'nowhere' names no commit", id="an unreachable head"
        ),
        pytest.param(("--base", "--help"), "'--help' names no commit", id="a ref that looks like an option"),
        pytest.param(("--install", "true"), "--install needs a --base", id="an install alone"),
        pytest.param(("--base-python", "./nowhere"), "nowhere", id="an interpreter that is not there"),
        pytest.param(("--base", "base", "--carry", "no.file"), "no.file", id="a file that is not there"),
        pytest.param(("--head", "base"), "--head needs a --base", id="a head alone"),
        pytest.param(("--base", "base", "--threshold", "little"), "give a percentage", id="no number"),
        pytest.param(
            ("--base", "base", "--threshold", "0%"), "give a percentage", id="a threshold of nothing"
        ),
        pytest.param(("--base", "base", "--format", "pdf"), "--format", id="an unknown format"),
    ],
)
def test_wrong_usage_is_2_with_a_sentence(
    repository: Repository, arguments: tuple[str, ...], said: str
) -> None:
    done = bench_here("exact", *MINE, *arguments, cwd=repository.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_of_a_repository_there_is_no_base(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fastapi_bench", "exact", "--base", "main"]
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "is in no git repository" in done.stderr) == (2, True)
