"""When sessions are due: decided before the run, from the seed alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.model import OpenLoad


def arrivals_ns(load: OpenLoad, seed: int) -> NDArray[np.int64]:
    """Offsets, in nanoseconds from the start of the warm-up, at which sessions of an open load are due, ascending.

    Poisson arrivals have exponential gaps of mean `1 / arrivals_per_s`; uniform ones have that gap exactly, the first
    one after half a gap.
    """
    span_s = load.warmup_s + load.duration_s
    gap_s = 1.0 / load.arrivals_per_s
    if load.arrivals == "uniform":
        offsets_s = np.arange(gap_s / 2, span_s, gap_s)
    else:
        offsets_s = _poisson_s(span_s, gap_s, np.random.default_rng(seed))
    return np.asarray(offsets_s * 1e9, dtype=np.int64)


def _poisson_s(span_s: float, gap_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Arrivals of a Poisson process in [0, span): their number is Poisson, their places uniform and sorted."""
    return np.sort(rng.uniform(0.0, span_s, rng.poisson(span_s / gap_s)))
