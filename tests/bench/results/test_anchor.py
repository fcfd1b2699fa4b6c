"""Which cell is an anchor, which of several stands for a cell, and which repeats meet."""

from __future__ import annotations

from bench.model.plan import ClosedLoad
from bench.results.anchor import anchor_pairs, is_anchor, nearest
from bench.results.cells import gather
from bench.stats.metrics import CPU, THROUGHPUT
from tests.bench.builders import OPEN, record, repeats


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
