"""The fingerprint of a machine, held against other tools, and which CPUs are whose."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.system import host


def test_on_this_machine_all_cpus_are_used_and_none_twice() -> None:
    server, generator = host.cpus_for()

    assert not set(server) & set(generator)
    assert set(server + generator) <= os.sched_getaffinity(0)


@pytest.mark.parametrize("workers", [1, 4])
def test_servers_have_room_in_half_of_the_free_memory(workers: int) -> None:
    free = psutil.virtual_memory().available / 2 / 150e6 / workers
    assert host.room_for_servers(workers, 10**6) == pytest.approx(free, rel=0.2, abs=1)
    assert host.room_for_servers(workers, 2) <= 2
    assert host.room_for_servers(10**6, 8) == 1


def test_a_fingerprint_says_what_other_tools_say() -> None:
    found = host.fingerprint()

    assert found["cores"] == psutil.cpu_count()
    assert found["kernel"] == platform.release()
    assert found["python"] == f"CPython {platform.python_version()}"
    assert found["memory_bytes"] == psutil.virtual_memory().total
    assert all(found[key] for key in ("cpu_model", "governor", "virtualisation", "system"))
    assert json.loads(json.dumps(found)) == found


def test_versions_are_those_installed_of_everything_that_matters() -> None:
    found = host.versions()

    assert set(found) == set(host.PACKAGES)
    assert found["uvloop"] == metadata.version("uvloop")


def test_a_package_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "PACKAGES", ("no-such-package", "numpy"))

    assert list(host.versions()) == ["numpy"]


def test_settings_reach_the_app_and_their_secrets_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in [key for key in os.environ if key.startswith("APP_")]:
        monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_POOL_SIZE", "3")
    for key in ("APP_SECRET", "APP_API_KEY", "APP_DB_PASSWORD"):
        monkeypatch.setenv(key, "hush")
    monkeypatch.setenv("APP_DATABASE_URL", "postgresql://shop:hush@db/shop")
    monkeypatch.setenv("OTHER", "x")
    masked = dict.fromkeys(("APP_API_KEY", "APP_DB_PASSWORD", "APP_SECRET"), "***")
    masked["APP_DATABASE_URL"] = "postgresql://shop:***@db/shop"
    assert host.environment() == {"settings": {"APP_POOL_SIZE": "3", **masked}, "dotenv": False}

    (tmp_path / ".env").touch()
    assert host.environment()["dotenv"] is True


def test_the_source_is_the_harness_s_own_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = host.fingerprint()["git"]
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "another")
    assert isinstance(before, dict)
    after = host.fingerprint()["git"]
    assert isinstance(after, dict)
    assert after["commit"] == before["commit"]


LAST = (os.cpu_count() or 1) - 1


def test_cpus_of_a_setup_must_exist_and_be_nobody_elses() -> None:
    host.check_cpus(Setup("x", "uvicorn", cpus=(LAST,)), ())
    host.check_cpus(Setup("x", "uvicorn"), (LAST,))
    with pytest.raises(
        UsageError, match=rf"^setup 'x': cpus: there is no CPU {LAST + 7}; the last is {LAST}$"
    ):
        host.check_cpus(Setup("x", "uvicorn", cpus=(0, LAST + 7)))
    with pytest.raises(
        UsageError, match=rf"^setup 'x': cpus: the load generator has {LAST}; give the server others"
    ):
        host.check_cpus(Setup("x", "uvicorn", cpus=tuple(range(LAST + 1))), (LAST,))


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_setup_lacks_the_program_that_it_needs_where_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "there"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    setups = [
        Setup("modest", "uvicorn"),
        Setup("content", "command", needs="there"),
        Setup("lacking", "command", needs="gone"),
    ]

    assert host.missing_programs(setups) == {"lacking": "gone is not installed"}
