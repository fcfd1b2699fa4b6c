"""Which engine makes which load."""

from __future__ import annotations

import pytest

from bench.engines.launch import ENGINES, check_load
from bench.errors import UsageError
from bench.model.plan import ClosedLoad, Load, OpenLoad

PLAIN = ClosedLoad(3, 1.0)
OPEN = OpenLoad(10, 1.0)


@pytest.mark.parametrize(
    "load", [PLAIN, OPEN, ClosedLoad(3, 1.0, think_s=1), OpenLoad(10, 1.0, shape="ramp")]
)
def test_the_native_engine_makes_every_load(load: Load) -> None:
    check_load("native", load)


def test_locust_makes_a_plain_closed_load() -> None:
    check_load("locust", PLAIN)


BEYOND_LOCUST = {
    "arrivals": OPEN,
    "a shape": ClosedLoad(3, 1.0, shape="ramp"),
    "think time": ClosedLoad(3, 1.0, think_s=0.1),
}


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "native"])
@pytest.mark.parametrize("load", BEYOND_LOCUST.values(), ids=BEYOND_LOCUST)
def test_locust_makes_no_other(load: Load, engine: str) -> None:
    with pytest.raises(UsageError, match="use --engine native"):
        check_load(engine, load)
