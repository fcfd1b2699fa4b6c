from __future__ import annotations

import pytest

from bench.model.facts import PlanFacts, SetupFacts
from bench.model.record import Worker
from bench.results.cells import gather
from bench.results.worker_table import cores, shares, worker_count, worker_table
from bench.stats.table import Table
from tests.bench.builders import record, results


def column(table: Table, name: str) -> list[str]:
    (place,) = [at for at, found in enumerate(table.columns) if found.name == name]
    return [row.entries[place] for row in table.rows]


def test_workers_show_the_smallest_and_largest_share_of_any_repeat() -> None:
    table = worker_table(
        results(
            record("uvicorn-2", workers=(60, 40), repeat=0, cpus=(0, 1)),
            record("uvicorn-2", workers=(30, 70), repeat=1, cpus=(0, 1)),
            record("uvicorn", workers=(100,)),
        )
    )
    assert column(table, "setup") == ["uvicorn-2"]
    found = [column(table, name)[0] for name in ("workers", "cores", "least busy", "busiest")]
    assert found == ["2", "2", "30", "70"]


@pytest.mark.parametrize(
    ("workers", "expected"),
    [((None, None), ["–", "–"]), ((100,), ["0.0", "100"]), ((100, 0), ["0.0", "100"])],
    ids=["answers do not tell", "one of two never answered and was never seen", "one of two never answered"],
)
def test_shares_of_workers_with_gaps(workers: tuple[int | None, ...], expected: list[str]) -> None:
    table = worker_table(results(record("uvicorn-2", workers=workers)))
    assert [column(table, name)[0] for name in ("least busy", "busiest")] == expected


def test_shares_cores_and_worker_counts() -> None:
    some = [
        Worker(pid=1, requests=75, cpu_s=0, rss_peak_bytes=0),
        Worker(pid=2, requests=25, cpu_s=0, rss_peak_bytes=0),
        Worker(pid=3, requests=None, cpu_s=0, rss_peak_bytes=0),
    ]
    assert shares(some) == (0.25, 0.75)
    assert shares([Worker(pid=1, requests=0, cpu_s=0, rss_peak_bytes=0)]) == ()
    pinned, free = gather([record("a", cpus=(0, 1)), record("b", cpus=(), workers=(3, 4, 5))])
    assert (cores(pinned), cores(free)) == (2, None)
    assert (
        worker_count(pinned, PlanFacts(setups={"a": SetupFacts({"workers": 4})})),
        worker_count(free, PlanFacts()),
    ) == (4, 3)


def test_the_imbalance_of_workers_is_that_of_the_worst_repeat() -> None:
    """75 % of one in two is 1.5 times the mean; 60 % is 1.2."""
    made = [
        record("uvicorn-2", repeat=repeat, workers=counts)
        for repeat, counts in enumerate([(60, 40), (25, 75)])
    ]
    assert column(worker_table(results(*made)), "imbalance") == ["1.50"]
