"""Ceilings shared out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.engines.job import Job
from bench.measure.jobs import split_ceiling
from bench.model.address import Address
from bench.model.plan import ClosedLoad

JOB = Job(Address("", 0), "s", ClosedLoad(2, 1), Path("samples"), seed=5)


@pytest.mark.parametrize(("parts", "has_bystander"), [(1, False), (3, False), (1, True), (2, True)])
def test_all_parts_of_a_ceiling_are_the_ceiling(parts: int, has_bystander: bool) -> None:
    whole = replace(JOB, most_rps=80)
    jobs, bystander = split_ceiling([whole] * parts, whole, has_bystander)
    assert len(jobs) == parts
    assert sum(job.most_rps for job in jobs) + has_bystander * bystander.most_rps == pytest.approx(80)
    assert all(job.most_rps > 0 for job in jobs)
    assert (bystander.most_rps > 0) is has_bystander


def test_no_ceiling_is_none_for_each_part() -> None:
    jobs, bystander = split_ceiling([JOB, JOB], JOB, True)
    assert [one.most_rps for one in (*jobs, bystander)] == [0, 0, 0]
