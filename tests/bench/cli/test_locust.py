"""`bench locust`: Locust's web UI for a server, and Ctrl-C ends both."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import psutil

from bench.measure.store import read_run
from bench.system import cpus
from bench.system.ports import free_port
from scenarios import SCENARIOS
from tests.bench.locust.test_runs import ask, live
from tests.bench.program import MINE, lay_out, poll, read_until, start
from tests.bench.serve.shown import address, page


def check_handover(family: list[psutil.Process], url: str, folder: Path) -> None:
    """Locust knows the server, and each of the two has the CPUs that `bench run` would give it."""
    (locust,) = (one for one in family if "--class-picker" in one.cmdline())
    handed = json.loads(Path(locust.environ()["BENCH_LOCUST"]).read_bytes())
    (server,) = (one for one in family if one.pid == handed["server_pid"])
    share = cpus.share()
    assert "my_server.py" in server.cmdline()
    assert url.endswith(f":{handed['address']['port']}")
    assert handed["setup"]["name"] == "plain"
    assert handed["runs"] == str(folder / "reports")
    assert Path(handed["spool"]).is_dir()
    assert set(handed["facts"]) >= {"cpus", "host", "environment"}
    if share.server and sys.platform == "linux":
        assert server.cpu_affinity() == list(share.server) == handed["server_cpus"]
        assert locust.cpu_affinity() == list(share.generator) == handed["generator_cpus"]


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
        offered = list(arguments["users"])
        ticked = arguments["available_user_classes"]
        assert offered[:7] == ticked  # the user's own, which are no journeys
        assert len(offered) == len(set(offered)) == len(SCENARIOS) + 7
        assert {"FrontPageUser", "NoopAsyncUser"} <= set(offered)
        family = psutil.Process(child.pid).children(recursive=True)
        check_handover(family, address(said), tmp_path)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=5)[1]
    assert child.returncode == 130
    assert "Traceback" not in said
    assert not any(process.is_running() for process in family)
    assert page(web, "/") is None


def test_ctrl_c_in_the_midst_of_a_test_leaves_its_run(tmp_path: Path) -> None:
    lay_out(tmp_path)
    web = f"http://127.0.0.1:{free_port()}"
    ports = ("--port", "0", "--web-port", web.rpartition(":")[2])
    with start("locust", "plain", *MINE[:4], *ports, cwd=tmp_path) as child:
        read_until(child, "Ctrl-C stops both")
        poll(lambda: page(web, "/"))
        ask(web, "POST", "/swarm", user_count=2, spawn_rate=2, user_classes="FrontPageUser")
        live(web, lambda found: len(found["points"]) > 2)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 130
    run = read_run(tmp_path / "reports" / "latest")
    (record,) = run.records
    assert (record.cell.setup, record.cell.scenario, record.cell.engine) == ("plain", "front-page", "locust")
    assert record.summary.requests > 10
    assert record.resources.cpu_us_per_request
    assert "server-not-seen" not in {caveat.code for caveat in record.caveats}
    if cpus.share().server:
        assert record.resources.cpus == cpus.share().server
