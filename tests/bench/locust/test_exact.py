"""Percentiles in all that Locust writes are those of the rows that an onlooker kept, in one process and over two."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest

from bench.system.waiting import wait_until
from tests.bench.locust.by_hand import ByHand

SHARES = {"50%": 0.5, "95%": 0.95, "99%": 0.99, "99.9%": 0.999}


@pytest.mark.parametrize("more", [(), ("--processes", "2")], ids=["one process", "two workers"])
def test_files_have_the_percentiles_of_the_rows(
    more: tuple[str, ...], by_hand: ByHand, tmp_path: Path
) -> None:
    outcome = by_hand.run("OkUser", "--run-time", "4s", "--csv", "figures", "--html", "page.html", *more)
    times_ms = outcome.times_ms
    expected = np.quantile(times_ms, list(SHARES.values())).tolist()
    with open(tmp_path / "figures_stats.csv") as file:
        (row,) = [row for row in csv.DictReader(file) if row["Name"] == "/ok"]
    assert len(times_ms) == by_hand.peer.seen["/ok"] > 20
    assert int(row["Request Count"]) == len(times_ms)
    found = [float(row[name]) for name in SHARES]
    assert found == pytest.approx(expected, rel=0.001)
    assert outcome.entries["/ok"]["min_response_time"] == min(times_ms)
    assert outcome.entries["/ok"]["max_response_time"] == max(times_ms)
    assert float(row["50%"]) % 1
    assert float(row["Median Response Time"]) == pytest.approx(
        np.median(times_ms), rel=0.3 if more else 0.001
    )


def test_the_page_shows_what_the_rows_say(by_hand: ByHand) -> None:
    """The page, and the HTML that it offers, have p50 to p99.9, the shortest and the longest time as they were."""
    with by_hand.page("OkUser") as page:
        started = httpx.post(f"{page}/swarm", data={"user_count": "2", "spawn_rate": "2"}).json()
        assert started["success"], started
        assert wait_until(lambda: by_hand.peer.seen["/ok"] > 300, 60.0)
        httpx.post(f"{page}/stop")
        assert wait_until(lambda: httpx.get(f"{page}/stats/requests").json()["state"] == "stopped", 30.0)
        (shown,) = [
            one for one in httpx.get(f"{page}/stats/requests").json()["stats"] if one["name"] == "/ok"
        ]
        report = httpx.get(f"{page}/stats/report").text
    (left,) = by_hand.folder.glob("*.json")
    times_ms = json.loads(left.read_text())["times"]
    expected = dict(zip(SHARES, np.quantile(times_ms, list(SHARES.values())).tolist(), strict=True))
    assert shown["num_requests"] == len(times_ms) == by_hand.peer.seen["/ok"]
    assert shown["min_response_time"] == pytest.approx(min(times_ms), rel=0.0001)
    assert shown["max_response_time"] == pytest.approx(max(times_ms), rel=0.0001)
    of_html = json.loads(re.search(r"window.templateArgs = (\{.*\})", report)[1])  # type: ignore[index]
    (in_html,) = [one for one in of_html["response_time_statistics"] if one["name"] == "/ok"]
    for name, share in SHARES.items():
        assert shown[f"response_time_percentile_{share}"] == pytest.approx(expected[name], rel=0.001)
        assert in_html[str(share)] == pytest.approx(expected[name], rel=0.001)


def test_the_terminal_has_fractions_of_a_millisecond(by_hand: ByHand) -> None:
    done = subprocess.run(
        by_hand.command("--headless", "-u", "1", "--run-time", "1s", "--only-summary", "OkUser"),
        env=by_hand.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line.split() for line in done.stderr.splitlines() if line.startswith("GET")]
    figures, percentiles = lines
    assert figures[1] == percentiles[1] == "/ok"
    requests = by_hand.peer.seen["/ok"]
    assert int(figures[2]) == int(percentiles[-1]) == requests
    assert 0 < float(percentiles[2]) <= float(percentiles[-2]) < 1000
    assert "." in percentiles[2]
