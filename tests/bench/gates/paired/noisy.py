"""The noise of a machine, made up."""

from __future__ import annotations

from bench.gates.paired.noise import (
    Noise,
    SliceNoise,
)

NOISE = Noise(
    setup="uvicorn",
    scenario="noop-async",
    metric="cpu",
    slices=(SliceNoise(16, 0.10, 0.010), SliceNoise(64, 0.06, 0.020), SliceNoise(256, 0.05, 0.080)),
    sessions=64,
    process_sd=0.01,
    autocorrelation=0.1,
    pair_start_s=1.0,
    pairs_per_look=8,
)
