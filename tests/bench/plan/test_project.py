from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.plan.project import find_project

BENCH = """
scenarios = "load/mine.py"

[service]
name = "shop"
app = "shop.main:make()"
app_dir = "src"
health = "/healthz"
env = { DEBUG = false, N = 3 }

[setups.two]
extends = "uvicorn"
workers = 2

[plans.night]
setups = ["two"]
scenarios = ["front"]
users = [4]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that the search does not leave: the root of a repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    return tmp_path


def test_all_that_stands_in_the_file_is_read(root: Path) -> None:
    (root / "bench.toml").write_text(BENCH)
    found = find_project(root)
    assert found is not None
    assert (found.title, found.folder, found.name) == ("bench.toml", root, "shop")
    assert found.has_service
    assert dict(found.defaults) == {
        "app": "shop.main:make()",
        "app_dir": "src",
        "health": "/healthz",
        "env": {"DEBUG": False, "N": 3},
    }
    assert found.setups.tables == {"two": {"extends": "uvicorn", "workers": 2}}
    assert list(found.plans.tables) == ["night"]
    assert found.scenarios == Path("load/mine.py")


def test_it_is_found_upwards_and_the_service_keeps_its_folder(root: Path) -> None:
    (root / "bench.toml").write_text(BENCH)
    found = find_project(root / "a" / "b")
    assert found is not None
    assert (found.title, found.folder) == ("../../bench.toml", root)
    assert found.defaults["cwd"] == str(root)
    assert found.scenarios == Path("../../load/mine.py")


def test_the_nearest_counts_and_bench_toml_goes_before_pyproject(root: Path) -> None:
    (root / "bench.toml").write_text('[service]\nname = "top"')
    (root / "a" / "pyproject.toml").write_text('[tool.fastapi-bench.service]\nname = "tool"')
    names = {place: getattr(find_project(root / place), "name", None) for place in (".", "a", "a/b")}
    assert names == {".": "top", "a": "tool", "a/b": "tool"}
    (root / "a" / "bench.toml").write_text('[service]\nname = "own"')
    assert getattr(find_project(root / "a" / "b"), "name", None) == "own"


def test_the_search_ends_at_the_root_of_the_repository(root: Path) -> None:
    (root / "bench.toml").write_text(BENCH)
    (root / "a" / ".git").write_text("gitdir: elsewhere")  # as in a worktree or a submodule
    assert find_project(root / "a" / "b") is None
    assert find_project(root) is not None


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'fastapi-bench'", "[tool.other]\nx = 1", "fastapi is mentioned, in no TOML"]
)
def test_a_pyproject_of_others_is_passed_over(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(text)
    assert find_project(root) is None


def test_paths_and_the_env_file_of_a_service_start_from_the_file(root: Path) -> None:
    (root / ".env").write_text("A=file\nB=file\n")
    (root / "bench.toml").write_text(
        '[service]\ncwd = "app"\npython = ".venv/bin/python"\nenv_file = ".env"\nenv = { B = "table" }'
    )
    found = find_project(root / "a")
    assert found is not None
    assert dict(found.defaults) == {
        "cwd": str(root / "app"),
        "python": str(root / ".venv/bin/python"),
        "env": {"A": "file", "B": "table"},
    }
    assert found.name == ""
    (root / "bench.toml").write_text('[service]\npython = "3.13"')
    version = find_project(root)
    assert version is not None
    assert version.defaults["python"] == "3.13"


MISTAKES = {
    "no-toml": ("[service", "bench.toml: not valid TOML: "),
    "key": ("scenaros = 'x'", "bench.toml: scenaros: unknown key 'scenaros'; did you mean 'scenarios'?"),
    "table": (
        "[web]\nserver = 'uvicorn'",
        "bench.toml: unknown table [web]; write [setups.web] or [plans.web]",
    ),
    "service-key": (
        "[service]\nhelth = '/'",
        "bench.toml: [service]: unknown key 'helth'; did you mean 'health'?",
    ),
    "service-is-text": ("service = 'shop'", "bench.toml: [service]: 'shop' is not a table"),
    "service-name": ("[service]\nname = 3", "bench.toml: [service] name: 3 is not text"),
    "app": ("[service]\napp = 'shop.main'", "bench.toml: [service] app: 'shop.main' is not module:attribute"),
    "health": ("[service]\nhealth = 'ok'", "bench.toml: [service] health: 'ok' is not a path"),
    "type": ("[service]\nprepare = 'alembic'", "bench.toml: [service] prepare: write a list, not"),
    "env": ("[service]\nenv = { A = [1] }", "bench.toml: [service] env.A: "),
    "env-file": ("[service]\nenv_file = '.env'", "bench.toml: [service] env_file: "),
    "env-file-number": ("[service]\nenv_file = 3", "bench.toml: [service] env_file: 3 is not the name"),
    "setups": ("setups = 'x'", "bench.toml: setups: 'x' is not a table; write [setups.NAME]"),
    "setup": (
        "[setups]\nserver = 'uvicorn'",
        "bench.toml: [setups] server: is not a table; write [setups.server]",
    ),
    "scenarios": ("scenarios = ['x']", "bench.toml: scenarios: ['x'] is not a file"),
}


@pytest.mark.parametrize(("text", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_sentence_with_file_table_and_key(root: Path, text: str, sentence: str) -> None:
    (root / "bench.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        find_project(root)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[tool]\nfastapi-bench = 3", "pyproject.toml: tool.fastapi-bench: is not a table"),
        (
            "[tool.fastapi-bench.service]\nhelth = '/'",
            "pyproject.toml: [tool.fastapi-bench.service]: unknown key 'helth'; did you mean 'health'?",
        ),
        (
            "[tool.fastapi-bench]\nscenarios = 3",
            "pyproject.toml: [tool.fastapi-bench] scenarios: 3 is not a file",
        ),
        (
            "[tool.fastapi-bench.web]\nserver = 'uvicorn'",
            "pyproject.toml: unknown table [tool.fastapi-bench.web]; write [tool.fastapi-bench.setups.web] or ",
        ),
    ],
    ids=["no-table", "service-key", "scenarios", "table"],
)
def test_a_mistake_in_a_pyproject_names_the_whole_table(root: Path, text: str, sentence: str) -> None:
    (root / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        find_project(root)
    assert str(caught.value).startswith(sentence)
