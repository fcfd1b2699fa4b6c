"""`bench generators` with costs that are made up: three tables, and a file with the medians of the first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bench.cli import generators as command
from bench.machine.generators import GeneratorCost
from bench.model.plan import Setup
from tests.bench.program import bench_here


def test_the_medians_of_the_first_table_go_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def measure(
        setup: Setup, names: Sequence[str], rounds: int, duration_s: int, *, pinned: bool = False
    ) -> Iterator[tuple[str, GeneratorCost]]:
        asked.append((setup.name, tuple(names), rounds, duration_s, pinned))
        for place in range(rounds):
            for name in names:
                yield name, GeneratorCost(10.0 * len(asked) + place, 1000.0 - place)

    monkeypatch.setattr(command, "NAMES", ("native", "locust"))
    monkeypatch.setattr(command, "missing_generators", lambda: ("wrk", "hey"))
    monkeypatch.setattr(command, "measure_costs", measure)
    done = bench_here(
        "generators", "--rounds", "3", "--duration", "1", "--out", "new/costs.json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert asked == [
        ("one-write", ("native", "locust"), 3, 1, False),
        ("raw", ("native",), 3, 1, False),
        ("uvicorn", ("native",), 3, 1, True),
    ]
    median = {"cpu_us_per_request": 11.0, "throughput_rps": 999.0}
    assert json.loads((tmp_path / "new" / "costs.json").read_text()) == {"native": median, "locust": median}
    missing = [line.split()[0] for line in done.stderr.splitlines() if "is not installed" in line]
    assert missing == ["wrk", "hey"]
    assert done.stdout.endswith("medians of the first table: new/costs.json\n")
