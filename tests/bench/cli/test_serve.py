"""`bench serve`: it answers while it lasts, and Ctrl-C ends all of it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil
import pytest

from bench.system.ports import free_port
from tests.bench.program import MINE, lay_out, read_until, start
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
