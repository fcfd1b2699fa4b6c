"""`bench locust`: Locust's web UI for a server, and Ctrl-C ends both."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import psutil

from bench.system.ports import free_port
from scenarios import SCENARIOS
from tests.bench.program import MINE, lay_out, poll, read_until, start
from tests.bench.serve.shown import address, page


def test_locusts_web_ui_offers_one_class_a_scenario_and_ctrl_c_stops_both(tmp_path: Path) -> None:
    lay_out(tmp_path)
    web = f"http://127.0.0.1:{free_port()}"
    ports = ("--port", "0", "--web-port", web.rpartition(":")[2])
    with start("locust", "plain", *MINE[:4], *ports, cwd=tmp_path) as child:
        said = read_until(child, "Ctrl-C stops both")
        assert f"web UI is on {web};" in said
        shown = poll(lambda: page(web, "/"))
        found = re.search(r"templateArgs = (\{.*\})", shown)
        assert found
        arguments = json.loads(found.group(1))
        assert arguments["show_userclass_picker"] is True
        assert arguments["host"] == address(said)
        offered = arguments["available_user_classes"]
        assert len(offered) == len(set(offered)) == len(SCENARIOS) + 7
        assert {"FrontPageUser", "NoopAsyncUser"} <= set(offered)
        family = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=5)[1]
    assert child.returncode == 130
    assert "Traceback" not in said
    assert not any(process.is_running() for process in family)
    assert page(web, "/") is None
