"""Made-up rounds whose log ratios are known, and slices for records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bench.model.record import LaneSlices, Record
from tests.bench.builders import record

T_975_2 = 4.302653
"""Student's t for 95 % with 2 degrees of freedom, from a table."""


def three_rounds(
    setup: str, throughput: float, step: float = 0.0, scenario: str = "noop-async", **more: object
) -> tuple[Record, ...]:
    """Three rounds whose throughputs have logarithms `step` apart, so that their mean is that of `throughput`."""
    return tuple(
        record(setup, scenario, throughput * math.exp(step * (at - 1)), repeat=at, **more)  # type: ignore[arg-type]
        for at in range(3)
    )


def reach(step: float) -> float:
    """Half of the interval of the mean of three logarithms that are `step` apart: their deviation is `step`."""
    return T_975_2 * step / math.sqrt(3)


def in_slices(made: Record, throughputs: Sequence[float], cpu_us: Sequence[float | None] = ()) -> Record:
    """The record with a slice for each throughput, one a rotation."""
    slices = LaneSlices(
        rotation=tuple(range(len(throughputs))),
        requests=(64,) * len(throughputs),
        throughput_rps=tuple(throughputs),
        cpu_us_per_request=tuple(cpu_us) or (None,) * len(throughputs),
    )
    return replace(made, slices=slices)
