"""Servers for people: they answer while they last, and Ctrl-C ends all of it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from bench.system.ports import free_port
from scenarios import SCENARIOS
from tests.bench.program import MINE, bench_here, lay_out, poll, read_until, start


def page(url: str, path: str) -> str | None:
    """The body of a page, or None while nobody answers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


def address(said: str) -> str:
    found = re.search(r"answers on (http://127\.0\.0\.1:\d+)", said)
    assert found
    return found.group(1)


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


def test_serve_shows_what_the_server_logs_and_tells_when_it_ends(tmp_path: Path) -> None:
    lay_out(tmp_path)
    with start("serve", "plain", *MINE[:2], "--port", "0", cwd=tmp_path) as child:
        url = address(read_until(child, "Ctrl-C"))
        assert page(url, "/seen-in-the-log") == "hello"
        read_until(child, "/seen-in-the-log")
        page(url, "/die")
        said = child.communicate(timeout=5)[1]
    assert child.returncode == 1
    assert "bench: setup 'plain': the server ended with status 3; its log:\n" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("command", "option"), [("serve", "--port"), ("locust", "--port"), ("locust", "--web-port")]
)
def test_a_port_that_is_taken_is_named_with_its_option(command: str, option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = bench_here(command, "uvicorn", option, str(port), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"bench: port {port} is taken; give another {option}\n"


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
