"""Candidates, inspected in an interpreter: the first that is an app, or a sentence about the one that says most."""

from __future__ import annotations

import sys
import time
import venv
from pathlib import Path

import psutil
import pytest

from bench.errors import UsageError
from bench.starter.discovery import Candidate, candidates
from bench.starter.inspection import inspect
from tests.bench.starter.apps import PLAIN_WSGI, lay_out

OURS = Path(sys.executable)


def test_the_first_that_is_an_app_is_taken(tmp_path: Path) -> None:
    lay_out(tmp_path, {"main.py": "import typer\napp = typer.Typer()\n", "app.py": PLAIN_WSGI})
    found = inspect(candidates(tmp_path), OURS, tmp_path, {})
    assert (found.app, found.source, found.interface) == ("app:app", "app.py", "wsgi")


def test_settings_reach_the_import_with_a_value_for_each_placeholder(tmp_path: Path) -> None:
    settings = "import os\nfolder, url = os.environ['FOLDER'], os.environ['URL']\n"
    check = "assert os.path.isdir(folder) and url.startswith('postgresql://'), (folder, url)\n"
    lay_out(tmp_path, {"app.py": settings + check + PLAIN_WSGI})
    given = candidates(tmp_path)
    assert inspect(given, OURS, tmp_path, {"FOLDER": "{tmp}", "URL": "{postgres}"}).app == "app:app"
    with pytest.raises(UsageError, match=r"KeyError: 'FOLDER'(?s:.*)--env"):
        inspect(given, OURS, tmp_path, {})


def test_the_interpreter_decides_what_can_be_imported(tmp_path: Path) -> None:
    venv.create(tmp_path / "own", with_pip=False, symlinks=True)
    python = tmp_path / "own" / "bin" / "python"
    lay_out(tmp_path, {"app.py": PLAIN_WSGI, "other.py": "import fastapi\n" + PLAIN_WSGI})
    assert inspect([Candidate("app:app", "", "app.py")], python, tmp_path, {}).packages == {}
    with pytest.raises(UsageError, match=r"No module named 'fastapi'(?s:.*)--python"):
        inspect([Candidate("other:app", "", "other.py")], python, tmp_path, {})


def test_the_candidate_that_came_furthest_is_explained(tmp_path: Path) -> None:
    lay_out(tmp_path, {"main.py": "app = 1", "app.py": "app = 1 / 0"})
    with pytest.raises(UsageError, match=r"^app:app of app\.py(?s:.*)ZeroDivisionError(?s:.*)main:app"):
        inspect(candidates(tmp_path), OURS, tmp_path, {})


def test_a_folder_without_any_app_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--app MODULE:ATTRIBUTE"):
        inspect(candidates(tmp_path), OURS, tmp_path, {})


def test_an_app_that_ends_the_process_leaves_a_sentence(tmp_path: Path) -> None:
    lay_out(
        tmp_path, {"main.py": "import os, sys\nsys.stderr.write('no luck')\nsys.stderr.flush()\nos._exit(3)"}
    )
    with pytest.raises(UsageError, match="status 3: no luck"):
        inspect([Candidate("main:app", "", "main.py")], OURS, tmp_path, {})


LEAKS = {
    "raised": "raise RuntimeError(f'no login with {key}')\n",
    "ended": "sys.stderr.write(f'no login with {key}')\nsys.stderr.flush()\nos._exit(3)\n",
}


@pytest.mark.parametrize("ending", LEAKS.values(), ids=LEAKS)
def test_what_an_app_says_of_its_failure_is_without_its_secrets(tmp_path: Path, ending: str) -> None:
    start = "import os, sys\nkey = os.environ['SIGNING_KEY']\n"
    lay_out(tmp_path, {"app.py": start + ending})
    with pytest.raises(UsageError, match="no login with") as caught:
        inspect([Candidate("app:app", "", "app.py")], OURS, tmp_path, {"SIGNING_KEY": "correct-horse"})
    assert "correct-horse" not in str(caught.value)


def test_what_a_schema_that_cannot_be_made_says_is_without_secrets(tmp_path: Path) -> None:
    schema = (
        "import os\ndef broken():\n    raise RuntimeError(os.environ['SIGNING_KEY'])\napp.openapi = broken\n"
    )
    lay_out(tmp_path, {"app.py": f"from fastapi import FastAPI\napp = FastAPI()\n{schema}"})
    app = [Candidate("app:app", "", "app.py")]
    found = inspect(app, OURS, tmp_path, {"SIGNING_KEY": "correct-horse"})
    assert [one["problem"] for one in found.schemas] == ["RuntimeError: ***"]


def test_what_an_app_starts_at_import_is_not_waited_for_and_does_not_stay(tmp_path: Path) -> None:
    """A helper inherits the output of the interpreter that imports the app, and would keep a pipe open."""
    start = "helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    note = "open('helper.pid', 'w').write(str(helper.pid))\n"
    lay_out(tmp_path, {"app.py": "import subprocess, sys\n" + start + note + PLAIN_WSGI})
    began_s = time.monotonic()
    found = inspect(candidates(tmp_path), OURS, tmp_path, {})
    assert (found.app, found.interface) == ("app:app", "wsgi")
    assert time.monotonic() - began_s < 60
    pid = int((tmp_path / "helper.pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_interpreter_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--python"):
        inspect([Candidate("main:app", "", "main.py")], tmp_path / "python", tmp_path, {})
