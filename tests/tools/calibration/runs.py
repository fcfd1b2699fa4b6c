"""Runs made up for tests: one says only what a test is about."""

from __future__ import annotations

from bench.model.change import Change, Verdict
from tools.calibration.faults import Gate
from tools.calibration.gate_run import GateRun


def row(name: str, verdict: Verdict, ratio: float = 1.0, metric: str = "cpu", beside: bool = False) -> Change:
    return Change(
        name, metric, verdict, ratio=ratio, low=ratio - 0.01, high=ratio + 0.01, mde=0.02, beside=beside
    )


def trial(
    *rows: Change,
    fault: str = "a-a",
    gate: Gate = "paired",
    spoiled: tuple[str, ...] = (),
    scenarios: tuple[str, ...] = ("noop-async", "json-model"),
    number: int = 0,
    seconds: float | None = 40.0,
    took_s: float = 100.0,
    status: int = 0,
    error: str = "",
) -> GateRun:
    return GateRun(
        gate=gate,
        fault=fault,
        number=number,
        seconds=seconds,
        scenarios=scenarios,
        spoiled=dict.fromkeys(spoiled, 50),
        status=status,
        took_s=took_s,
        commit="abc",
        machine="a machine",
        rows=rows,
        error=error,
    )
