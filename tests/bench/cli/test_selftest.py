"""`bench selftest` as a user runs it, and its short form as it runs in CI."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil
import pytest

from bench.machine.selftest.session import choose_cases
from tests.bench.program import bench, lives, poll, read_until, start


def test_a_name_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = bench("selftest", "--case", "frezee", cwd=tmp_path)
    assert done.returncode == 2
    assert "'freeze'" in done.stderr
    done = bench("selftest", "--engine", "locst", cwd=tmp_path)
    assert done.returncode == 2
    assert "'locust'" in done.stderr


def test_no_case_is_no_proof(tmp_path: Path) -> None:
    done = bench("selftest", "--case", "closes-untold", "--engine", "locust", cwd=tmp_path)
    assert done.returncode == 2
    assert "no case" in done.stderr


@pytest.mark.alone
def test_the_short_form_is_right_on_this_machine(tmp_path: Path) -> None:
    done = bench("selftest", "--short", "--json", cwd=tmp_path)
    said = json.loads(done.stdout)

    assert [case["verdict"] for case in said["cases"] if case["verdict"] == "wrong"] == [], done.stdout
    assert done.returncode == 0
    assert len(said["cases"]) == len(choose_cases(short=True))
    checked = [check["what"] for case in said["cases"] for check in case["checks"] if check["right"]]
    assert checked.count("requests") == checked.count("answers") == len(said["cases"])


def test_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    with start("selftest", "--case", "freeze", "--engine", "native", cwd=tmp_path) as child:
        read_until(child, "[1/2]")
        family = poll(lambda: _with_a_server(psutil.Process(child.pid).children(recursive=True)))
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=10)[1]
    assert child.returncode == 130
    assert "Traceback" not in said
    assert poll(lambda: not any(map(lives, family)))


def _with_a_server(family: list[psutil.Process]) -> list[psutil.Process]:
    named = [" ".join(process.cmdline()) for process in family]
    return family if any("bench.machine.selftest.server" in words for words in named) else []
