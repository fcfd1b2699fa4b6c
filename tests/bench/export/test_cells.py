"""Which cells of a run are exported."""

from __future__ import annotations

from bench.export.cells import invalid, valid
from tests.bench.export.mixed import MIXED


def test_one_invalid_repeat_makes_its_cell_invalid() -> None:
    assert [cell.setup for cell in valid(MIXED)] == ["good"]
    assert invalid(MIXED) == ("half / noop-async / native / 32 users (generator-saturated, steal)",)
