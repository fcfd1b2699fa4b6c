"""`bench locust --client native`: a server, Locust, and the native engine under it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bench.program import MINE, bench, lay_out


def test_the_native_engine_loads_the_server_that_bench_locust_starts(tmp_path: Path) -> None:
    lay_out(tmp_path)
    load = ("FrontPageUser", "--headless", "-u", "3", "-r", "3", "--run-time", "4s")
    done = bench(
        *("locust", "plain", *MINE[:4], "--port", "0", "--client", "native", "--"),
        *(*load, "--json-file", "figures", "--only-summary", "--think", "0.05"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (entry,) = json.loads((tmp_path / "figures.json").read_text())
    assert (entry["method"], entry["name"], entry["num_failures"]) == ("GET", "/", 0)
    assert entry["num_requests"] > 10
