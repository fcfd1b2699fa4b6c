"""The names of loads and cells, and what the repeats of a cell share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.plan import Cell, ClosedLoad, Load, OpenLoad

LABELS = {
    "1 user": ClosedLoad(1, 3.0),
    "32 users": ClosedLoad(32, 3.0),
    "8 users thinking 0.5 s": ClosedLoad(8, 3.0, think_s=0.5),
    "8 users, ramp": ClosedLoad(8, 3.0, shape="ramp"),
    "400 arrivals/s": OpenLoad(400, 3.0),
    "0.5 arrivals/s, spike": OpenLoad(0.5, 3.0, arrivals="uniform", shape="spike"),
}


@pytest.mark.parametrize(("label", "load"), LABELS.items(), ids=LABELS)
def test_a_load_is_named_by_what_is_not_the_default(label: str, load: Load) -> None:
    assert load.label == label
    assert Cell("uvicorn", "noop-async", "native", load).label == f"uvicorn / noop-async / native / {label}"


def test_repeats_of_a_cell_share_its_key_and_another_load_has_another() -> None:
    cell = Cell("uvicorn", "noop-async", "native", ClosedLoad(8, 3.0))
    assert replace(cell, repeat=2).key == cell.key
    assert replace(cell, load=ClosedLoad(8, 9.0)).key != cell.key


def test_a_load_without_a_length_is_measured_in_slices() -> None:
    assert Cell("uvicorn", "noop-async", "native", ClosedLoad(8, 0.0)).in_slices
    assert not Cell("uvicorn", "noop-async", "native", ClosedLoad(8, 3.0)).in_slices
