"""`bench serve`: it answers while it lasts, and Ctrl-C ends all of it."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import psutil
import pytest

from bench.system.ports import free_port
from tests.bench.program import MINE, bench_here, lay_out, read_until, start
from tests.bench.serve.shown import address, page


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "terminated"]
)
def test_serve_answers_until_it_is_stopped(signum: signal.Signals, status: int, tmp_path: Path) -> None:
    with start("serve", "uvicorn", "--port", "0", cwd=tmp_path) as child:
        url = address(read_until(child, "Ctrl-C stops it"))
        assert json.loads(page(url, "/bench/noop/async") or "") == {"message": "hello"}
        family = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signum)
        out, said = child.communicate(timeout=5)
    assert (child.returncode, out, said) == (status, "", "")
    assert page(url, "/bench/noop/async") is None
    assert not any(process.is_running() for process in family)


def test_serve_listens_on_the_port_that_is_asked_for(tmp_path: Path) -> None:
    lay_out(tmp_path)
    port = free_port()
    with start("serve", "plain", *MINE[:2], "--port", str(port), cwd=tmp_path) as child:
        assert address(read_until(child, "Ctrl-C")) == f"http://127.0.0.1:{port}"


def test_serve_listens_on_the_address_that_is_asked_for_and_says_who_reaches_it(tmp_path: Path) -> None:
    with start("serve", "uvicorn", "--port", "0", "--host", "0.0.0.0", cwd=tmp_path) as child:
        said = read_until(child, "Ctrl-C stops it")
        found = re.search(r"http://0\.0\.0\.0:(\d+)", said)
        assert found
        port = int(found[1])
        assert json.loads(page(f"http://127.0.0.2:{port}", "/bench/noop/async") or "") == {"message": "hello"}
    assert f"whoever reaches port {port}" in said


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str, tmp_path: Path) -> None:
    done = bench_here("serve", "uvicorn", "--host", host, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--host {host}: nothing can listen on it" in done.stderr


def test_a_setup_with_an_address_of_its_own_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[six]\nextends = "uvicorn"\nbind = "::1"\n[safe]\nextends = "uvicorn"\ntls = true\n'
    )
    for name in ("six", "safe"):
        done = bench_here("serve", name, "--setups", "mine.toml", "--host", "0.0.0.0", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"setup '{name}'" in done.stderr
