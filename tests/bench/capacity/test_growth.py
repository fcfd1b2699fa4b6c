"""Runs over numbers of workers, made up: what their records and facts say together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import exp
from random import Random

import pytest

from bench.capacity.growth import growth_of
from bench.capacity.tables import growth_table
from bench.model.plan import ClosedLoad, Setup
from bench.model.record import Caveat, Record, Run
from bench.results.results import understand
from tests.bench.builders import repeats, run


def grown(throughputs: dict[int, tuple[float, ...]], cpus: int) -> Run:
    setups = tuple(Setup(f"gunicorn-workers-{n}", "gunicorn", workers=n) for n in throughputs)
    records: list[Record] = []
    for setup, figures in zip(setups, throughputs.values(), strict=True):
        load = ClosedLoad(32 * setup.workers, 4.0)
        records += repeats(setup.name, "cpu-async", *figures, load=load)
    scaling = {"setup": "gunicorn", "scenario": "cpu-async", "cpus": cpus}
    return run(*records, setups=setups, scaling=scaling)


def test_the_law_goes_through_the_medians() -> None:
    """Made from lambda = 1000, sigma = 0.1, kappa = 0: 1000, 1818.2, 3076.9."""
    found = growth_of(
        understand(grown({4: (3076.9, 3076.9, 90), 1: (1000, 900, 1300), 2: (1818.2, 1818.2, 9000)}, 8))
    )
    assert found is not None
    assert list(found.points) == [1, 2, 4]
    assert found.points[1].median == 1000
    assert found.law.rate_rps == pytest.approx(1000, rel=1e-3)
    assert found.law.sigma == pytest.approx(0.1, abs=1e-3)
    assert found.brake == "~"  # 90 to 9,000 requests/s are no evidence
    assert [row.entries[:2] for row in growth_table(found).rows] == [
        ("1", "1,000"),
        ("2", "1,818"),
        ("4", "3,077"),
    ]


def brakes(sigma: float, noise: float, counts: tuple[int, ...]) -> Counter[str]:
    """What 200 runs of three repeats blame when the truth has this contention, and the repeats this noise."""
    blamed: Counter[str] = Counter()
    for seed in range(200):
        rng = Random(seed)
        figures = {
            n: tuple(1000 * n / (1 + sigma * (n - 1)) * exp(rng.gauss(0, noise)) for _ in range(3))
            for n in counts
        }
        found = growth_of(understand(grown(figures, 8)))
        assert found is not None
        blamed[found.brake] += 1
    return blamed


@pytest.mark.parametrize("counts", [(1, 2, 4), (1, 2, 4, 8)], ids=["three numbers", "four"])
def test_noise_is_no_brake(counts: tuple[int, ...]) -> None:
    blamed = brakes(0.0, 0.08, counts)
    assert blamed["contention"] + blamed["coherence"] < 10  # 5 % of 200


def test_a_brake_is_seen_through_noise() -> None:
    assert brakes(0.2, 0.02, (1, 2, 4, 8))["contention"] >= 190


def test_more_workers_than_cpus_blame_the_cpus() -> None:
    found = growth_of(understand(grown({1: (1000,), 2: (990,), 4: (950,)}, 1)))
    assert found is not None
    assert found.brake == "cores"


def test_two_numbers_of_workers_have_no_law() -> None:
    assert growth_of(understand(grown({1: (1000,), 2: (1900,)}, 8))) is None


def test_caveats_of_the_repeats_stay_with_their_number_of_workers() -> None:
    made = grown({1: (1000,), 2: (1900,), 4: (3500,)}, 8)
    doubted = replace(made.records[1], caveats=(Caveat("steal", "..."),))
    found = growth_of(understand(replace(made, records=(made.records[0], doubted, made.records[2]))))
    assert found is not None
    assert [row.codes for row in growth_table(found).rows] == [(), ("steal",), ()]
