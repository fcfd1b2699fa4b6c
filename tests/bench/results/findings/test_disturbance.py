"""A run that had to share its machine says so before anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.record import Record
from bench.results.audit import audit
from bench.results.findings.finding import Finding
from tests.bench.builders import findings, record, run


def shared(repeat: int, others: float = 0.0, steal: float = 0.0) -> Record:
    """A measurement beside which others took these shares, with the caveats that it has for that."""
    one = record(repeat=repeat)
    used = replace(one.resources, others_share=others, steal_share=steal)
    caveats = audit(one.cell, one.summary, used, one.generator)
    return replace(one, resources=used, caveats=caveats)


def said(*records: Record) -> Finding | None:
    return next((one for one in findings(run(*records)) if one.topic == "disturbance"), None)


def test_how_much_others_took_and_how_often() -> None:
    found = said(shared(0, 0.44), shared(1, 0.92), shared(2, 0.05), shared(3))
    assert found is not None
    assert found.figures == ("other processes took 44% to 92% of the CPUs in 2 of 4 measurements",)
    assert {caveat.code for caveat in found.caveats} == {"other-load"}


def test_the_hypervisor_is_told_apart_from_other_processes() -> None:
    found = said(shared(0, steal=0.05), shared(1, steal=0.03), shared(2), shared(3))
    assert found is not None
    assert found.figures == ("the hypervisor took 3% to 5% of the CPUs in 2 of 4 measurements",)
    assert "Stop what else runs" not in found.text


@pytest.mark.parametrize(("busy", "quiet", "expected"), [(1, 3, True), (1, 4, False), (0, 3, False)])
def test_a_quarter_of_the_measurements_is_more_than_a_passing_disturbance(
    busy: int, quiet: int, expected: bool
) -> None:
    records = [shared(repeat, 0.5 if repeat < busy else 0.0) for repeat in range(busy + quiet)]
    assert (said(*records) is not None) is expected


def test_it_stands_before_all_else() -> None:
    busy = shared(0, 0.5)
    records = [
        replace(
            record(name, throughput=rate + repeat, repeat=repeat),
            resources=busy.resources,
            caveats=busy.caveats,
        )
        for name, rate in (("uvicorn", 100.0), ("granian-1", 200.0))
        for repeat in (0, 1)
    ]
    assert [one.topic for one in findings(run(*records))][:2] == ["disturbance", "best-setup"]
