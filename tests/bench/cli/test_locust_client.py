"""`bench locust --client native`: a server, Locust, and the native engine under it, to a run with a report."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bench.measure.store import read_run
from bench.system.ports import free_port
from tests.bench.locust.ui import LocustUi
from tests.bench.program import MINE, lay_out, lives, poll, read_until, start


def quietly(look: Callable[[], Any]) -> Callable[[], Any]:
    """The same look, which finds nothing while the page is not there yet."""

    def found() -> Any:
        try:
            return look()
        except OSError:
            return None

    return found


def load(child: subprocess.Popen[str], port: int) -> int:
    """Load the server with three users for a while; gives the requests that Locust counted."""
    ui = LocustUi(child, port)
    poll(quietly(lambda: ui.get("/")))
    ui.swarm(3, 3, user_classes="FrontPageUser", think="0.05")
    poll(lambda: ui.entry("/").get("num_requests", 0) > 10)
    ui.stop()
    return int(poll(lambda: ui.stats()["state"] == "stopped" and ui.entry("/"))["num_requests"])


def test_the_native_engine_loads_the_server_and_leaves_a_run(tmp_path: Path) -> None:
    lay_out(tmp_path)
    web = free_port()
    words = ("locust", "plain", *MINE[:4], "--port", "0", "--web-port", str(web), "--client", "native")
    with start(*words, cwd=tmp_path) as child:
        read_until(child, "Ctrl-C stops both")
        requests = load(child, web)
        family = psutil.Process(child.pid).children(recursive=True)
        (folder,) = poll(lambda: [*(tmp_path / "reports").glob("*-locust/records.jsonl")])
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=60)[1]
    assert "Traceback" not in said, said
    poll(lambda: not any(map(lives, family)))
    (record,) = read_run(folder.parent).records
    assert (record.cell.engine, record.cell.scenario) == ("locust-native", "front-page")
    assert record.summary.requests >= requests > 10
    assert record.summary.errors == 0
    assert json.loads((folder.parent / "run.json").read_text())["finished"]
