"""Both sides of a comparison: their files, their folders and their interpreters."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from bench.errors import ServerError, UsageError
from bench.gates.sides.sides import SidesAsked, as_it_is, open_sides
from bench.model.plan import Setup
from bench.system.home import HOME
from tests.bench.gates.sides.environments import make_environment
from tests.bench.repository import git

SETUP = Setup("mine", "uvicorn", app="app:app")
MAKE_VENV = shlex.join(
    [
        sys.executable,
        "-c",
        "import venv; venv.create('.venv'); open('.venv/from', 'w').write(open('app.py').read())",
    ]
)


def silent(_: str) -> None:
    pass


@pytest.fixture(autouse=True)
def _in_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def test_two_versions_share_the_interpreter_of_the_users_folder(repository: Path) -> None:
    """The base's tree has no .venv; its interpreter is that of the folder all the same."""
    (repository / ".gitignore").write_text(".venv\n")
    python = make_environment(repository / ".venv")
    with open_sides(SETUP, SidesAsked(base="HEAD~1"), silent) as sides:
        assert (sides.base.tree.folder / "app.py").read_text() == "first"
        assert (sides.head.tree.folder / "app.py").read_text() == "second"
        assert {sides.base.setup.python, sides.head.setup.python} == {str(python)}
        assert [Path(one.setup.cwd) for one in (sides.base, sides.head)] == [
            sides.base.tree.folder,
            sides.head.tree.folder,
        ]
        assert sides.root == repository
        assert not any("environments" in note for note in sides.notes)
    assert git(repository, "worktree", "list").count("\n") == 0


def test_two_interpreters_run_the_same_files_where_they_are(repository: Path, tmp_path: Path) -> None:
    old, new = (make_environment(tmp_path / name, version) for name, version in (("a", "1.0"), ("b", "1.1")))
    asked = SidesAsked(base_python=str(old), head_python=str(new))
    with open_sides(SETUP, asked, silent) as sides:
        assert sides.base.tree.folder == sides.head.tree.folder == repository
        assert (sides.base.setup.python, sides.head.setup.python) == (str(old), str(new))
        assert sides.root is None
        assert str(old) in sides.base.tree.said
        assert any("slowlib 1.0 -> 1.1" in note for note in sides.notes)


def test_one_interpreter_is_compared_with_the_usual_one(repository: Path, tmp_path: Path) -> None:
    new = make_environment(tmp_path / "new")
    with open_sides(SETUP, SidesAsked(head_python=str(new)), silent) as sides:
        assert (sides.base.setup.python, sides.head.setup.python) == (sys.executable, str(new))


def test_two_interpreters_of_one_commit_get_that_commit(repository: Path, tmp_path: Path) -> None:
    new = make_environment(tmp_path / "new")
    with open_sides(SETUP, SidesAsked(head="HEAD~1", head_python=str(new)), silent) as sides:
        texts = [(one.tree.folder / "app.py").read_text() for one in (sides.base, sides.head)]
        assert sides.base.tree.root != sides.head.tree.root
    assert texts == ["first", "first"]


def test_a_command_installs_an_environment_of_its_own_into_each_side(repository: Path) -> None:
    (repository / ".gitignore").write_text(".venv\n")
    users = make_environment(repository / ".venv")
    with open_sides(SETUP, SidesAsked(base="HEAD~1", install=MAKE_VENV), silent) as sides:
        pythons = [Path(one.setup.python) for one in (sides.base, sides.head)]
        assert [
            one.relative_to(side.tree.root)
            for one, side in zip(pythons, (sides.base, sides.head), strict=True)
        ] == [Path(".venv/bin/python")] * 2
        assert [(one.parents[1] / "from").read_text() for one in pythons] == ["first", "second"]
    assert not (users.parents[1] / "from").exists()


def test_where_the_command_makes_none_it_is_said(repository: Path) -> None:
    with open_sides(SETUP, SidesAsked(base="HEAD~1", install="true"), silent) as sides:
        assert {sides.base.setup.python, sides.head.setup.python} == {sys.executable}
        assert sum("made no .venv" in note for note in sides.notes) == 2


def test_both_get_what_the_setup_and_the_user_carry(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitignore").write_text("*.local\nseed.sqlite\n")
    (repository / "seed.sqlite").write_text("rows")
    (repository / "a.local").write_text("1")
    setup = Setup("mine", "uvicorn", app="app:app", carry=("seed.sqlite",))
    asked = SidesAsked(base="HEAD~1", head="HEAD", carry=(str(repository / "a.local"),))
    with open_sides(setup, asked, silent) as sides:
        for one in (sides.base, sides.head):
            assert (one.tree.folder / "seed.sqlite").read_text() == "rows"
            assert (one.tree.folder / "a.local").read_text() == "1"


def test_a_setup_in_a_folder_of_its_own_runs_in_the_same_folder_of_each_version(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "service").mkdir()
    (repository / "service" / "page").write_text("old")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "third")
    (repository / "service" / "page").write_text("new")
    monkeypatch.chdir(tmp_path)
    setup = Setup("mine", "uvicorn", app="app:app", cwd=str(repository / "service"))
    with open_sides(setup, SidesAsked(base="HEAD"), silent) as sides:
        assert [Path(one.setup.cwd, "page").read_text() for one in (sides.base, sides.head)] == ["old", "new"]
        assert sides.base.tree.folder == sides.base.tree.root / "service"


def test_setups_as_they_are_run_where_their_app_is(repository: Path, tmp_path: Path) -> None:
    apart = Setup("apart", "uvicorn", app="app:app", cwd=str(tmp_path))
    sides = [as_it_is(setup) for setup in (SETUP, apart, Setup("demo", "uvicorn"))]
    assert [side.tree.folder for side in sides] == [repository, tmp_path, HOME]
    assert {side.tree.root for side in sides} == {repository}


def test_nothing_to_compare_with_is_a_mistake_and_so_is_an_interpreter_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="--base"), open_sides(SETUP, SidesAsked(install="true"), silent):
        pass
    with pytest.raises(ServerError), open_sides(SETUP, SidesAsked(base_python="./nowhere"), silent):
        pass
