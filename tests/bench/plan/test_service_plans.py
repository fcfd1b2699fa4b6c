from __future__ import annotations

import pytest

from bench.plan.order import cells
from bench.plan.service_plans import service_plans


@pytest.mark.parametrize("count", [1, 3, 40])
def test_all_scenarios_are_measured_and_the_time_has_a_bound(count: int) -> None:
    names = [f"get-{number}" for number in range(count)]
    plans = service_plans(["a", "b"], names)
    lanes = {(cell.setup, cell.scenario) for cell in cells(plans["default"])}
    assert lanes == {(setup, name) for setup in ("a", "b") for name in names}
    assert {cell.scenario for cell in cells(plans["smoke"])} == set(names)
    assert {cell.setup for cell in cells(plans["history"])} == {"a", "anchor"}
    assert all(cell.in_slices for plan in plans.values() for cell in cells(plan))
    minutes = {name: plan.minutes or 0.0 for name, plan in plans.items()}
    assert 0 < minutes["smoke"] <= 0.4
    assert 0.4 < minutes["default"] <= 4
