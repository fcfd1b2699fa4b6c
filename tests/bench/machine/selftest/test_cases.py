"""The cases of the selftest."""

from __future__ import annotations

from bench.machine.selftest.cases import CASES


def test_no_two_cases_are_alike() -> None:
    assert len({case.label for case in CASES}) == len(CASES)
    assert sum(case.load.warmup_s + case.load.duration_s + 1.5 for case in CASES) < 200
