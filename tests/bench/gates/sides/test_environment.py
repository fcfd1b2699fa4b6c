"""Commands that install an environment into a folder, and what two environments differ in."""

from __future__ import annotations

import platform
import shlex
import sys
from pathlib import Path

import pytest

from bench.errors import GateError, UsageError
from bench.gates.sides.environment import differences, find_environment, install, python_version
from bench.system.processes import Processes
from bench.system.revisions import Tree
from tests.bench.gates.sides.environments import make_environment
from tests.bench.serve.environments import environment


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "v1" / "service").mkdir(parents=True)
    return Tree(tmp_path / "v1" / "service", "v1 (0123456789)", tmp_path / "v1")


def script(text: str) -> str:
    return shlex.join([sys.executable, "-c", text])


def test_a_command_runs_in_the_folder_of_the_version_and_not_in_the_users_environment(
    tree: Tree, processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    install(
        script("import os; open('seen', 'w').write(os.environ.get('VIRTUAL_ENV', 'none'))"),
        tree,
        processes,
        tmp_path,
    )
    assert (tree.folder / "seen").read_text() == "none"


def test_a_command_that_fails_quotes_the_end_of_its_output(
    tree: Tree, processes: Processes, tmp_path: Path
) -> None:
    command = script("print('resolving'); raise SystemExit('no such version of slowlib')")
    with pytest.raises(GateError, match=r"(?s)status 1 in v1 \(0123456789\).*no such version of slowlib"):
        install(command, tree, processes, tmp_path)


@pytest.mark.parametrize(
    ("command", "said"),
    [("no-such-program sync", "no-such-program"), ("sh -c 'open", "quotation"), (" ", "give a command")],
)
def test_a_command_that_cannot_be_started_is_a_mistake(
    tree: Tree, processes: Processes, tmp_path: Path, command: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        install(command, tree, processes, tmp_path)


@pytest.mark.parametrize("below", ["v1/service", "v1", ""])
def test_an_environment_is_that_of_the_folder_or_of_one_above_within_the_version(
    tree: Tree, tmp_path: Path, below: str
) -> None:
    python = tmp_path / below / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert find_environment(tree) == (python if below else None)


def test_what_differs_is_named_by_its_versions(tmp_path: Path) -> None:
    old, new, same = (
        make_environment(tmp_path / name, version)
        for name, version in zip("abc", ("1.0", "1.1", "1.1"), strict=True)
    )
    (note,) = differences(old, new)
    assert note == "The environments differ: slowlib 1.0 -> 1.1."
    assert differences(new, same) == ("Both environments hold the same packages.",)
    assert differences(new, new) == ()
    assert python_version(new) == platform.python_version()
    assert python_version(tmp_path / "nowhere") == ""


def test_two_spellings_are_one_package(tmp_path: Path) -> None:
    packages = ({"zope.interface": "7", "Ordered_Set": "4"}, {"zope_interface": "7", "ordered-set": "5"})
    old, new = (environment(tmp_path / name, one) for name, one in zip("ab", packages, strict=True))
    assert differences(old, new) == ("The environments differ: ordered-set 4 -> 5.",)
