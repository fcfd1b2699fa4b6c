"""Jobs aimed at servers, and ceilings shared out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.engines.job import Job
from bench.measure.jobs import aim, split_ceiling
from bench.model.attachment import Attachment
from bench.model.plan import ClosedLoad, Setup
from bench.serve.server import Server

JOB = Job("", 0, "s", ClosedLoad(2, 1), Path("samples"), seed=5)


def server(attachment: Attachment | None) -> Server:
    return Server(
        setup=Setup("s", "running"),
        host="127.0.0.1",
        port=80,
        pid=None,
        log=Path("log"),
        cpus=(),
        exit_status=lambda: None,
        attachment=attachment,
    )


def test_a_job_is_aimed_at_an_address_and_stays_the_same_otherwise() -> None:
    aimed = aim(JOB, server(None))
    assert (aimed.host, aimed.port, aimed.authority, aimed.prefix) == ("127.0.0.1", 80, "127.0.0.1:80", "")
    assert (aimed.seed, aimed.load, aimed.most_rps) == (5, JOB.load, 0)


def test_one_that_ran_already_has_its_name_its_path_and_its_ceiling() -> None:
    aimed = aim(JOB, server(Attachment(authority="app.test", prefix="/api", most_rps=50)))
    assert (aimed.host, aimed.authority, aimed.prefix, aimed.most_rps) == (
        "127.0.0.1",
        "app.test",
        "/api",
        50,
    )


@pytest.mark.parametrize(("parts", "has_bystander"), [(1, False), (3, False), (1, True), (2, True)])
def test_all_parts_of_a_ceiling_are_the_ceiling(parts: int, has_bystander: bool) -> None:
    whole = aim(JOB, server(Attachment(authority="a", most_rps=80)))
    jobs, bystander = split_ceiling([whole] * parts, whole, has_bystander)
    assert len(jobs) == parts
    assert sum(job.most_rps for job in jobs) + has_bystander * bystander.most_rps == pytest.approx(80)
    assert all(job.most_rps > 0 for job in jobs)
    assert (bystander.most_rps > 0) is has_bystander


def test_no_ceiling_is_none_for_each_part() -> None:
    jobs, bystander = split_ceiling([JOB, JOB], JOB, True)
    assert [one.most_rps for one in (*jobs, bystander)] == [0, 0, 0]
