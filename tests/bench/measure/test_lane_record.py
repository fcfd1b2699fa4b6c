"""The anchor's figures beside those of a lane; test_runner.py looks at whole records."""

from __future__ import annotations

from dataclasses import replace

from bench.measure.lane_record import _beside
from bench.model.record import LaneSlices

ANCHOR = LaneSlices(
    rotation=(0, 1, 2, 3),
    requests=(5, 6, 7, 8),
    throughput_rps=(50.0, 60.0, 70.0, 80.0),
    cpu_us_per_request=(1.0, None, 3.0, 4.0),
)


def lane(*rotations: int) -> LaneSlices:
    return LaneSlices(
        rotation=rotations,
        requests=(1,) * len(rotations),
        throughput_rps=(9.0,) * len(rotations),
        cpu_us_per_request=(2.0,) * len(rotations),
    )


def test_a_lane_gets_the_anchors_figures_of_its_own_rotations() -> None:
    """A slow lane has a slice in every second rotation."""
    found = _beside(lane(0, 2), ANCHOR)
    assert found == replace(lane(0, 2), anchor_rps=(50.0, 70.0), anchor_cpu_us=(1.0, 3.0))
    assert _beside(lane(1), ANCHOR).anchor_cpu_us == (None,)


def test_the_anchor_stands_beside_itself() -> None:
    found = _beside(ANCHOR, ANCHOR)
    assert (found.anchor_rps, found.anchor_cpu_us) == (ANCHOR.throughput_rps, ANCHOR.cpu_us_per_request)


def test_a_rotation_that_the_anchor_lacks_has_none_of_its_figures() -> None:
    """The anchor may have failed on the way."""
    found = _beside(lane(2, 4), ANCHOR)
    assert (found.anchor_rps, found.anchor_cpu_us) == ((70.0, None), (3.0, None))
