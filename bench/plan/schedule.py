"""When sessions are due and users are there: decided before the run, from the load and the seed alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.model.plan import ClosedLoad, Load, OpenLoad, Shape, Stage

_RAMP_FROM = 0.1
_SPIKE_BASE = 0.2
_CHUNK = 4096

# Of each stage: its share of the measured part, and the shares of the full level with which it begins and ends.
_SHAPES: dict[Shape, tuple[tuple[float, float, float], ...]] = {
    "constant": ((1.0, 1.0, 1.0),),
    "step": tuple((0.25, share, share) for share in (0.25, 0.5, 0.75, 1.0)),
    "ramp": tuple(
        (0.25, _RAMP_FROM + (1 - _RAMP_FROM) * part / 4, _RAMP_FROM + (1 - _RAMP_FROM) * (part + 1) / 4)
        for part in range(4)
    ),
    "spike": ((0.4, _SPIKE_BASE, _SPIKE_BASE), (0.2, 1.0, 1.0), (0.4, _SPIKE_BASE, _SPIKE_BASE)),
}


def stages(load: Load) -> tuple[Stage, ...]:
    """The stages of a load's measured part, one after the other.

    A step climbs to the full level in four equal steps, a ramp from a tenth of it in a straight line (reported in
    quarters), and a spike stands at the full level for the middle fifth, at a fifth of it before and after.
    """
    level = float(load.users) if isinstance(load, ClosedLoad) else load.arrivals_per_s
    found, at_s = [], 0.0
    for part, first, last in _SHAPES[load.shape]:
        found.append(Stage(at_s, part * load.duration_s, first * level, last * level))
        at_s += part * load.duration_s
    return tuple(found)


def arrivals_ns(load: OpenLoad, seed: int) -> NDArray[np.int64]:
    """Offsets, in nanoseconds from the start of the warm-up, at which sessions of an open load are due, ascending.

    Poisson arrivals are a Poisson process of the load's rate; uniform ones lie evenly, the first one after half a
    gap. A rate that changes stretches and squeezes the time of a constant one (Cinlar, Introduction to Stochastic
    Processes, 1975, section 4.7). The warm-up runs at the rate with which the measured part begins.
    """
    return np.concatenate(list(arrival_chunks_ns(load, seed)))


def arrival_chunks_ns(load: OpenLoad, seed: int) -> Iterator[NDArray[np.int64]]:
    """`arrivals_ns` in chunks of some thousands, so that a long load takes no more memory than a short one."""
    pieces = _pieces(load)
    expected = np.concatenate(([0.0], np.cumsum([piece.duration_s * _mean(piece) for piece in pieces])))
    first = np.array([piece.first for piece in pieces])
    slope = np.array([_slope(piece) for piece in pieces])
    start_s = np.array([piece.t_s for piece in pieces])
    unit_rate = _uniform if load.arrivals == "uniform" else _poisson
    for at in unit_rate(float(expected[-1]), seed):
        number = np.minimum(np.searchsorted(expected, at, side="right") - 1, len(pieces) - 1)
        beyond, rate = at - expected[number], first[number]
        offsets_s = start_s[number] + 2 * beyond / (rate + np.sqrt(rate * rate + 2 * slope[number] * beyond))
        yield np.asarray(offsets_s * 1e9, dtype=np.int64)


def _uniform(end: float, _seed: int) -> Iterator[NDArray[np.float64]]:
    """Half, one and a half, and so on, up to the end."""
    for begin in range(0, max(1, math.ceil(end)), _CHUNK):
        at = np.arange(begin, min(begin + _CHUNK, math.ceil(end)), dtype=np.float64) + 0.5
        yield at[at < end]


def _poisson(end: float, seed: int) -> Iterator[NDArray[np.float64]]:
    """A Poisson process of rate 1, by its exponential gaps."""
    rng, last = np.random.default_rng(seed), 0.0
    while last < end:
        at = last + np.cumsum(rng.exponential(size=_CHUNK))
        last = float(at[-1])
        yield at[at < end]


def user_spans_s(load: ClosedLoad) -> tuple[tuple[float, float], ...]:
    """For each user, when it is there: from and until, in seconds from the start of the warm-up.

    As many users are there as the level says, rounded down, and one at the least.
    """
    pieces = _pieces(load)
    end_s = load.warmup_s + load.duration_s
    return ((0.0, end_s), *(_span_s(pieces, float(number)) for number in range(2, load.users + 1)))


def _pieces(load: Load) -> tuple[Stage, ...]:
    """The warm-up and the stages, counted from the start of the warm-up."""
    measured = stages(load)
    level = measured[0].first
    shifted = (
        Stage(load.warmup_s + stage.t_s, stage.duration_s, stage.first, stage.last) for stage in measured
    )
    warmup = (Stage(0.0, load.warmup_s, level, level),) if load.warmup_s else ()
    return (*warmup, *shifted)


def _mean(piece: Stage) -> float:
    return (piece.first + piece.last) / 2


def _slope(piece: Stage) -> float:
    return (piece.last - piece.first) / piece.duration_s


def _span_s(pieces: tuple[Stage, ...], level: float) -> tuple[float, float]:
    """From when until when a load that rises and falls once is at a level or above it."""
    tolerance = 1e-9 * level
    there = [piece for piece in pieces if max(piece.first, piece.last) >= level - tolerance]
    if not there:
        return (0.0, 0.0)
    first, last = there[0], there[-1]
    begin_s = first.t_s
    if first.first < level - tolerance:
        begin_s += (level - first.first) / _slope(first)
    end_s = last.t_s + last.duration_s
    if last.last < level - tolerance:
        end_s = last.t_s + (level - last.first) / _slope(last)
    return (begin_s, end_s)
