"""The Server tab in a real Chromium: charts of the server, caveats, the verdict, and a report for each test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.locust.handover import HANDOVER_VARIABLE, Handover
from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from tests.bench.locust.browser import Browser
from tests.bench.locust.by_hand import ByHand
from tests.bench.locust.gevented import evaluate
from tests.bench.locust.test_runs import ask, live

SHOWN = "document.getElementById('bench-home')?.innerText || ''"
CHARTS = "[...document.querySelectorAll('#bench-server svg')].map(one => one.getAttribute('aria-label').split(':')[0])"
OF_ALL = ["Response time from the intended start", "CPU of the busiest generator process"]
"""Charts of a test whose server nobody knows."""


def start(url: str, **more: object) -> None:
    ask(url, "POST", "/swarm", user_count=2, spawn_rate=2, user_classes="SlowUser", **more)
    live(url, lambda found: len(found["points"]) > 1)


def test_of_a_server_that_is_not_ours_the_tab_says_why_it_is_nearly_empty(
    by_hand: ByHand, tmp_path: Path
) -> None:
    with by_hand.page("--bench-report") as url, Browser(tmp_path) as browser:
        start(url, slo="p99<1ms")
        browser.open(f"{url}/?tab=server")
        browser.wait_for(f"{CHARTS}.length > 0")
        assert browser.value(CHARTS) == OF_ALL
        assert "was not started by `bench locust`" in browser.value(SHOWN)
        ask(url, "POST", "/stop")
        browser.wait_for(f"({SHOWN}).includes('not all objectives hold')")
        browser.wait_for(
            "[...document.querySelectorAll('#bench-notice a')].some(one => one.innerText == 'Report')"
        )
        browser.click("Download Data")
        found = "[...document.querySelectorAll('a')].filter(one => one.innerText.startsWith('Report of'))"
        browser.wait_for(f"{found}.length == 1")
        report = browser.value(f"{found}[0].href")
        browser.open(report)
        browser.wait_for("document.body?.innerText.includes('server-not-seen')")


def test_where_nothing_is_recorded_the_tab_says_so(by_hand: ByHand, tmp_path: Path) -> None:
    with by_hand.page() as url, Browser(tmp_path) as browser:
        ask(url, "POST", "/swarm", user_count=1, spawn_rate=1, user_classes="SlowUser")
        browser.open(f"{url}/?tab=server")
        browser.wait_for(f"({SHOWN}).includes('--bench-report')")


FIGURES = """
const times = {p50_ms: 1, p99_ms: 2, p999_ms: 3};
const point = {t_s: 1, rps: 1, failed_rps: 0, response: times, service: times, server_cpu: null, workers: [],
  generator_cpu: CPU, caveats: [{code: "generator-saturated", text: "<b>so it is</b>"}]};
const answer = {test: 99, points: [point], isRunning: true, why: "", fault: "", runs: []};
window.fetch = async () => ({ok: true, json: async () => structuredClone(answer)});
"""


def test_a_generator_at_its_limit_is_said_on_every_tab(by_hand: ByHand, tmp_path: Path) -> None:
    """Whatever this machine can do now: the page is given the figures of one."""
    notice = "document.getElementById('bench-notice')?.innerText || ''"
    with by_hand.page("--bench-report") as url, Browser(tmp_path) as browser:
        start(url)
        browser.open(f"{url}/?tab=stats")
        browser.wait_for("document.getElementById('bench-notice') !== null")
        browser.value(f"(() => {{ {FIGURES.replace('CPU', '0.97')} }})()")
        browser.wait_for(f"({notice}).includes('97 % of its core')")
        assert browser.value("document.querySelectorAll('#bench-server svg').length") == 0
        browser.value(f"(() => {{ {FIGURES.replace('CPU', '0.5').replace('t_s: 1', 't_s: 2')} }})()")
        browser.wait_for(f"({notice}) === ''")
        browser.click("Server")
        browser.wait_for(f"({SHOWN}).includes('generator-saturated: <b>so it is</b>')")


@pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (400, True)], ids=["wide and light", "narrow and dark"]
)
def test_the_server_is_charted_by_worker_process(
    width: int, dark: bool, by_hand: ByHand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = load_setups()["uvicorn-2"]
    with Processes() as processes, serving(setup, processes) as server:
        handed(server, tmp_path).write(tmp_path / "handover.json")
        monkeypatch.setenv(HANDOVER_VARIABLE, str(tmp_path / "handover.json"))
        with by_hand.page("--host", server.url) as url, Browser(tmp_path) as browser:
            ask(url, "POST", "/swarm", user_count=4, spawn_rate=4, user_classes="NoopAsyncUser")
            browser.open(f"{url}/?tab=server", width=width, dark=dark)
            browser.wait_for(f"{CHARTS}.length > 6")
            charts = browser.value(CHARTS)
            assert charts[:5] == [
                "CPU by worker process",
                "Memory by worker process",
                "Requests by worker process",
                "Event loop lag",
                "Threads",
            ]
            legends = browser.value("document.querySelector('#bench-server .legend').innerText")
            assert {int(pid) for pid in re.findall(r"^(\d+) ", legends, re.MULTILINE)} == set(
                server.workers()
            )
            browser.wait_for("document.querySelectorAll('tbody tr').length == 2")
            rows = browser.value("[...document.querySelectorAll('tbody tr')].map(one => one.innerText)")
            assert {int(row.split("\t")[0]) for row in rows} == set(server.workers())
            assert browser.value("document.documentElement.scrollWidth") <= width
            stroke = browser.value("document.querySelector('#bench-server path').getAttribute('stroke')")
            assert stroke == ("#a99cf5" if dark else "#332288")
            browser.screenshot(tmp_path / "shot.png")
            assert (tmp_path / "shot.png").stat().st_size > 10_000


def handed(server: Server, folder: Path) -> Handover:
    (folder / "spool").mkdir()
    return Handover(
        setup=server.setup,
        address=server.address,
        server_pid=server.pid,
        server_log=server.log,
        locust_log=folder / "locust.log",
        runs=folder / "runs",
        spool=folder / "spool",
        facts={"host": {"cores": 2}},
    )


UI = """
from locust.env import Environment
from locust.event import Events

from bench.locust import server_tab

environment = Environment(events=Events())
environment.create_local_runner()
web_ui = environment.create_web_ui("127.0.0.1", 0, delayed_start=True)
"""


def test_this_locust_has_all_that_the_tab_needs_and_another_is_told_what_it_lacks() -> None:
    ours, of_another = evaluate(UI + "give([server_tab.missing_hooks(one) for one in (web_ui, object())])")
    assert ours == []
    assert of_another == ["app", "template_args", "auth_required_if_enabled"]


def test_the_page_of_this_locust_takes_the_script_and_nothing_from_elsewhere() -> None:
    page, script = evaluate(
        UI
        + """
server_tab.install(environment.events)
environment.events.init.fire(environment=environment, runner=environment.runner, web_ui=web_ui)
client = web_ui.app.test_client()
give([client.get(path).get_data(as_text=True) for path in ("/", "/bench/server_tab.js")])
"""
    )
    assert page.count('src="./bench/server_tab.js"') == 1
    assert "http://" not in script.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in script
