"""`bench locust` with options of Locust's own and with workers: real servers that count, real Locusts."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.system.cpus import share
from bench.system.ports import free_port
from tests.bench.program import MINE, bench, lay_out, lives, poll, read_until, start
from tests.bench.serve.shown import page

SETUPS = """
[counted]
server = "command"
command = ["python", "my_server.py", "{port}"]
health = "/health"
"""
HEADLESS = ("--headless", "--users", "4", "--spawn-rate", "4", "--run-time", "2s")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own folder; the server writes the path of each request to its log, which the command shows."""
    lay_out(tmp_path)
    server = tmp_path / "my_server.py"
    whole = server.read_text().replace(
        "print(self.path, file=sys.stderr)", 'sys.stderr.write(f"{self.path}\\n")'
    )
    server.write_text(whole)  # in one piece, whatever its other threads write
    with (tmp_path / "setups.toml").open("a") as setups:
        setups.write(SETUPS)
    return tmp_path


QUICK = "--no-bench-report"


def locust(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return bench("locust", "counted", *MINE[:4], *words, cwd=folder)


def counted(done: subprocess.CompletedProcess[str], path: str = "/") -> tuple[int, int]:
    """The requests for a path by Locust's JSON and by the server's own log."""
    entries: list[dict[str, Any]] = json.loads(done.stdout)
    figures = sum(entry["num_requests"] for entry in entries if entry["name"] == path)
    return figures, done.stderr.splitlines().count(path)


@pytest.mark.parametrize("crew", [(), ("--workers", "2")], ids=["alone", "two workers"])
def test_a_headless_run_ends_with_the_servers_counts(crew: tuple[str, ...], folder: Path) -> None:
    done = locust(folder, *crew, "--", *HEADLESS, "--json", "FrontPageUser")
    figures, seen = counted(done)
    assert figures == seen > 0, done.stderr
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_processes_of_locusts_own_count_all_the_same(folder: Path) -> None:
    done = locust(
        folder, "--", *HEADLESS, "--processes", "2", "--json-file", "figures", QUICK, "FrontPageUser"
    )
    (entry,) = json.loads((folder / "figures.json").read_text())
    assert entry["num_requests"] == done.stderr.splitlines().count("/") > 0
    assert done.returncode == 0


@pytest.mark.parametrize(("more", "status"), [((), 1), (("--exit-code-on-error", "7"), 7)])
def test_the_exit_status_is_locusts(more: tuple[str, ...], status: int, folder: Path) -> None:
    done = locust(folder, "--", *HEADLESS, *more, QUICK, "WrongStatusUser")
    assert done.returncode == status
    assert "status-200" in done.stderr


def test_a_mistake_in_locusts_options_is_a_wrong_usage(folder: Path) -> None:
    done = locust(folder, "--web-port", str(free_port()), "--", "--run-tim3", "1m")
    assert done.returncode == 2
    assert "Did you mean '--run-time'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_each_worker_has_a_cpu_and_ctrl_c_leaves_nothing(folder: Path) -> None:
    web = free_port()
    words = ("locust", "counted", *MINE[:4], "--web-port", str(web), "--workers", "2")
    with start(*words, "--", "--autostart", "-u", "4", "FrontPageUser", cwd=folder) as child:
        read_until(child, "Ctrl-C stops both")
        family = psutil.Process(child.pid).children(recursive=True)
        workers = [one for one in family if "--worker" in one.cmdline()]
        (master,) = [one for one in family if "--master" in one.cmdline()]
        (server,) = [one for one in family if "my_server.py" in one.cmdline()]
        chosen = share(2)
        places = [tuple(one.cpu_affinity()) for one in workers]
        if chosen.generator:
            turns = [chosen.generator[place % len(chosen.generator)] for place in range(2)]
            assert sorted(places) == sorted((cpu,) for cpu in turns)
            assert tuple(master.cpu_affinity()) == chosen.harness
            assert tuple(server.cpu_affinity()) == chosen.server
        poll(lambda: page(f"http://127.0.0.1:{web}", "/stats/requests"))
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=40)[1]
    assert child.returncode == 130
    assert "Traceback" not in said
    assert [one.pid for one in family if lives(one)] == []


def test_a_second_ctrl_c_ends_what_waits_for_requests_under_way(folder: Path) -> None:
    server = folder / "my_server.py"
    server.write_text(
        server.read_text().replace("time.sleep(pause_s)", "time.sleep(600 * (self.path == '/'))")
    )
    web = free_port()
    words = ("locust", "counted", *MINE[:4], "--web-port", str(web), "--workers", "1", "--")
    load = ("--autostart", "-u", "2", "--stop-timeout", "300", QUICK, "FrontPageUser")
    with start(*words, *load, cwd=folder) as child:
        assert child.stderr is not None
        assert "/\n" in iter(child.stderr.readline, "")  # a request is under way
        family = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGINT)
        poll(lambda: "stopping" in (page(f"http://127.0.0.1:{web}", "/stats/requests") or ""))
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=30)[1]
    assert child.returncode == 130
    assert "Traceback" not in said
    assert [one.pid for one in family if lives(one)] == []


def test_settings_of_locust_in_files_and_variables_are_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "locust.conf").write_text("headless = true\nusers = 3\nrun-time = 1s\n")
    (folder / "pyproject.toml").write_text("[tool.locust]\nprocesses = 2\n")
    monkeypatch.setenv("LOCUST_RUN_TIME", "1s")
    monkeypatch.setenv("LOCUST_USER_CLASSES", "NobodyUser")
    done = locust(folder, "--", *HEADLESS, QUICK, "--json", "FrontPageUser")
    figures, seen = counted(done)
    assert (figures, done.returncode) == (seen, 0), done.stderr
