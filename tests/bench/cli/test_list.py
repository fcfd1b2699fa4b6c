"""`bench list` as its user meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.plan.config import load_setups
from scenarios import SCENARIOS
from tests.bench.program import MINE, bench


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
    assert listed["scenarios"]["front-page"] == "The page of my own server.  [pages, quick]"
    ours = {"smoke", "default", "full", "tfb", "databases", "features", "history", "study"}
    assert set(listed["plans"]) == {*ours, "tiny"}


def test_a_reader_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    """As in `bench list setups | head -1`, with the reader gone before the first line."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "fastapi_bench", "list", "setups"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
