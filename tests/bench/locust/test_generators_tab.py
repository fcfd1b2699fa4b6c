"""The line of a generator in Locust's web UI."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.system.ports import free_port
from bench.system.waiting import wait_until
from tests.bench.engines.peer import Peer
from tests.bench.locust.gevented import evaluate
from tests.bench.locust.networks import running

SCENARIOS = """
from scenarios.model import Request, Scenario
from scenarios.single import Always

SCENARIOS = {"slow": Scenario("slow", Always(Request("GET", "/slow")))}
"""
LOCUSTFILE = Path(__file__).parents[3] / "locustfile.py"

CODE = """
from bench.locust.generators_tab import _COLUMNS, row_of
from bench.model.record import FleetGenerator

known = FleetGenerator(
    name="load-2 #1", users=3, requests=1234, errors=5, p99_ms=12.345, cpu_share=0.876, lag_ms=1.25,
    round_trip_ms=80.04, ahead_ms=-0.04, is_lost=True,
)
unknown = FleetGenerator(name="worker #2", users=0, requests=0, errors=0)
give([list(_COLUMNS), row_of(known), row_of(unknown)])
"""


def test_figures_are_shown_as_people_read_them_and_unknown_ones_are_empty() -> None:
    columns, known, unknown = evaluate(CODE)
    assert list(known) == list(unknown) == columns
    assert list(known.values()) == ["load-2 #1", "lost", 3, 1234, 5, "12.3", "88", "1.2", "80.0", "0.0"]
    assert list(unknown.values()) == ["worker #2", "", 0, 0, 0, None, None, None, None, None]


def test_a_master_shows_a_line_for_each_worker_while_it_leads_them(tmp_path: Path) -> None:
    """Two workers on this machine; the tab's rows come with Locust's own statistics, as its page asks for them."""
    (tmp_path / "mine.py").write_text(SCENARIOS)
    env = os.environ | {"BENCH_SCENARIOS": str(tmp_path / "mine.py")}
    web, bus = free_port(), free_port()
    locust = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "SlowUser", "--loglevel", "WARNING"]
    joined = ["--worker", "--master-host", "127.0.0.1", "--master-port", str(bus)]
    led = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(bus)]
    seen = ["--web-host", "127.0.0.1", "--web-port", str(web), "--class-picker"]
    with Peer() as peer, contextlib.ExitStack() as stack:
        for number, words in enumerate(([*led, *seen], joined, joined)):
            stack.enter_context(running([*locust, *words], tmp_path / f"{number}.log", env))
        assert wait_until(lambda: ask(web, "/stats/requests").get("worker_count") == 2, 60)
        page = ask(web, "/", plain=True)
        assert '"title": "Generators"' in page
        form = {"user_count": "4", "spawn_rate": "4", "host": f"http://127.0.0.1:{peer.port}"}
        assert ask(web, "/swarm", form=form | {"user_classes": "SlowUser"})["success"]
        assert wait_until(lambda: all(row["requests"] for row in rows(web)) and len(rows(web)) == 2, 60)
        assert ask(web, "/stop", form={"now": "1"})["success"]
        found = rows(web)
        assert [row["users"] for row in found] == [2, 2]
        assert {row["state"] for row in found} == {""}
        assert sum(row["requests"] for row in found) == sum(peer.seen.values())


def rows(port: int) -> list[dict[str, Any]]:
    """The lines of the tab."""
    tables = {one["key"]: one["data"] for one in ask(port, "/stats/requests").get("extended_stats", ())}
    return list(tables.get("generators", ()))


def ask(port: int, path: str, form: dict[str, str] | None = None, *, plain: bool = False) -> Any:
    """What Locust's web UI answers; nothing while it is not there."""
    data = urlencode(form).encode() if form else None
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=30) as answer:
            said = answer.read().decode()
    except URLError:
        return {}
    return said if plain else json.loads(said)
