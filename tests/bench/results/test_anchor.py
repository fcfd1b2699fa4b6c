"""Which cell is an anchor, which of several stands for a cell, and which repeats meet."""

from __future__ import annotations

import pytest

from bench.model.plan import ClosedLoad
from bench.results.anchor import anchor_pairs, in_rotations, is_anchor, nearest
from bench.results.cells import gather
from bench.stats.metrics import CPU, P99, THROUGHPUT
from tests.bench.builders import OPEN, lanes, record, repeats


def test_a_cell_of_the_setup_anchor_is_one() -> None:
    anchor, app = gather((*repeats("anchor", "ping", 1), *repeats("uvicorn", "ping", 1)))
    assert (is_anchor(anchor), is_anchor(app)) == (True, False)


def test_the_nearest_anchor_has_the_same_kind_of_load_then_the_load_then_the_engine() -> None:
    (cell,) = gather(repeats("uvicorn", "noop-async", 100, load=ClosedLoad(8, 3.0), engine="locust"))
    kinds = {
        "open": {"load": OPEN, "engine": "locust"},
        "other users": {"load": ClosedLoad(64, 3.0), "engine": "locust"},
        "other engine": {"load": ClosedLoad(8, 3.0), "engine": "native"},
        "alike": {"load": ClosedLoad(8, 3.0), "engine": "locust"},
    }
    anchors = {name: gather(repeats("anchor", "ping", 1, **more))[0] for name, more in kinds.items()}
    for best in ("alike", "other engine", "other users"):
        assert nearest(cell, anchors.values()) is anchors[best]
        del anchors[best]
    assert nearest(cell, anchors.values()) is None
    assert nearest(cell, ()) is None


def test_repeats_are_paired_by_their_number_and_those_without_a_partner_left_out() -> None:
    (cell,) = gather((*repeats("uvicorn", "noop-async", 10, 20, 30), record(throughput=40, repeat=4)))
    (anchor,) = gather([record("anchor", "ping", rate, repeat=at) for at, rate in ((0, 5), (2, 7), (3, 9))])
    assert anchor_pairs(cell, anchor, THROUGHPUT) == ((10, 5), (30, 7))
    (silent,) = gather(repeats("anchor", "ping", 5, 6, 7, cpu_us=None))
    assert anchor_pairs(cell, silent, CPU) == ()


def test_lanes_meet_rotation_by_rotation() -> None:
    """In each rotation the cell serves half of what the anchor does, except in one that was disturbed."""
    anchor, cell = gather(lanes({"anchor": [100.0] * 8, "app": [50.0] * 7 + [5.0]}))
    pairs = anchor_pairs(cell, anchor, THROUGHPUT)
    assert [mine / its for mine, its in pairs] == pytest.approx([0.5, 0.5])
    assert [its for _, its in pairs] == pytest.approx([100.0, 100.0])
    assert [mine / its for mine, its in anchor_pairs(cell, anchor, CPU)] == pytest.approx([2.0, 2.0])
    assert in_rotations((anchor, cell))


def test_drift_within_a_round_leaves_the_ratio_of_lanes_alone() -> None:
    drift = [1.0, 0.7, 0.5, 1.4, 2.0]
    anchor, cell = gather(lanes({"anchor": [100.0] * 5, "app": [80.0] * 5}, drift=drift))
    assert [mine / its for mine, its in anchor_pairs(cell, anchor, THROUGHPUT)] == pytest.approx([0.8, 0.8])


def test_a_metric_that_slices_do_not_have_is_that_of_the_round() -> None:
    anchor, cell = gather((*lanes({"anchor": [100.0] * 5}, p99=2.0), *lanes({"app": [80.0] * 5}, p99=6.0)))
    assert [mine / its for mine, its in anchor_pairs(cell, anchor, P99)] == pytest.approx([3.0, 3.0])
