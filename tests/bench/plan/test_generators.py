"""How many processes and CPUs a load gets, by hand for machines of 2 to 64 cores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.plan import Block, ClosedLoad, Load, OpenLoad, Plan
from bench.plan.generators import cpus_for_any_load, split, wanted_cpus


def plan(engine: str, *loads: Load, processes: int | None = None, long: bool = False) -> Plan:
    block = Block(("uvicorn",), ("noop",), (engine,), loads, rounds=1)
    return Plan("p", "", (block,), processes=processes, long=long)


BUSY = ClosedLoad(512, 2.0)
FAST = OpenLoad(100_000, 2.0)
SLOW = OpenLoad(500, 2.0)
THINKING = ClosedLoad(50_000, 2.0, think_s=1.0)
CORES = (2, 4, 8, 16, 64)
WANTED = {
    "users who never pause, in slices: one process": (plan("native", BUSY), (1, 1, 1, 1, 1)),
    "in one stretch: a quarter of the machine": (plan("native", BUSY, long=True), (1, 1, 2, 4, 16)),
    "as few as leave each 16 users": (plan("native", ClosedLoad(40, 2.0), long=True), (1, 1, 2, 2, 2)),
    "a rate that one process makes": (plan("native", SLOW), (1, 1, 1, 1, 1)),
    "a rate for ten, up to half of the machine": (plan("native", FAST), (1, 2, 4, 8, 10)),
    "users who think, by the rate that they make": (plan("native", THINKING), (1, 2, 4, 5, 5)),
    "the load that takes most": (plan("native", SLOW, FAST), (1, 2, 4, 8, 10)),
    "Locust is one process": (plan("locust", BUSY), (1, 1, 1, 1, 1)),
    "as the plan says": (plan("native", SLOW, processes=3), (3, 3, 3, 3, 3)),
}


@pytest.mark.parametrize(("wanted", "expected"), WANTED.values(), ids=WANTED)
def test_a_default_grows_with_the_machine_and_fits_the_load(wanted: Plan, expected: tuple[int, ...]) -> None:
    assert tuple(wanted_cpus(wanted, cores) for cores in CORES) == expected


@given(
    st.builds(
        ClosedLoad,
        st.integers(1, 60_000),
        st.just(1.0),
        think_s=st.one_of(st.just(0.0), st.floats(0.01, 1e3)),
    )
    | st.builds(OpenLoad, st.floats(0.01, 1e6), st.just(1.0)),
    st.integers(0, 128),
)
def test_a_load_has_a_process_and_never_more_than_may_be(load: Load, most: int) -> None:
    assert 1 <= split(load, most) <= max(1, most)
    assert split(load, most) <= split(load, most + 1)


def test_loads_of_unknown_rate_get_a_quarter_of_the_machine() -> None:
    assert tuple(map(cpus_for_any_load, (1, *CORES))) == (1, 1, 1, 2, 4, 16)
