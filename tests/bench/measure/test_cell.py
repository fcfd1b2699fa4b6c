"""Whether a server has ended while a cell was measured, how a load is shared, and what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from bench.engines.job import Job
from bench.errors import ServerError
from bench.measure.cell import _share, check_alive, is_ending, now
from bench.model.address import Address
from bench.model.plan import ClosedLoad, Load, OpenLoad, Setup
from bench.serve.server import Server
from tests.bench.builders import record


@dataclass
class MadeUp:
    """A server that ends when it is asked for the so-many-th time; 0 for never."""

    log: Path
    ends_at: int
    setup: Setup = field(default_factory=lambda: Setup("mine", "uvicorn"))
    asked: int = 0

    def exit_status(self) -> int | None:
        self.asked += 1
        return 7 if self.ends_at and self.asked >= self.ends_at else None


def server(folder: Path, ends_at: int) -> Server:
    log = folder / "log"
    log.write_text("out of memory\n")
    return cast(Server, MadeUp(log, ends_at))


@pytest.mark.parametrize(
    ("ends_at", "errors"),
    [pytest.param(1, 0, id="it is gone"), pytest.param(3, 5, id="it goes a little after its connections")],
)
def test_a_server_that_ended_is_an_error_with_the_end_of_its_log(
    ends_at: int, errors: int, tmp_path: Path
) -> None:
    with pytest.raises(ServerError, match=r"setup 'mine': the server ended with status 7") as caught:
        check_alive(server(tmp_path, ends_at), record(errors=errors))
    assert "out of memory" in str(caught.value)


@pytest.mark.parametrize(
    ("ends_at", "errors"),
    [pytest.param(0, 5, id="errors of a live one"), pytest.param(2, 0, id="without errors nobody waits")],
)
def test_a_server_that_lives_is_none(ends_at: int, errors: int, tmp_path: Path) -> None:
    check_alive(server(tmp_path, ends_at), record(errors=errors))


def test_a_server_ends_within_a_moment_or_not_at_all(tmp_path: Path) -> None:
    assert is_ending(server(tmp_path, 3))
    assert not is_ending(server(tmp_path, 0))


@pytest.mark.parametrize(
    ("load", "parts", "expected"),
    [
        (ClosedLoad(8, 1.0), 3, 3),
        (ClosedLoad(2, 1.0), 3, 2),
        (OpenLoad(1, 1.0), 3, 3),
        (OpenLoad(9, 1.0), 1, 1),
    ],
    ids=["more users than processes", "fewer users", "arrivals", "one process"],
)
def test_a_load_is_shared_by_no_more_processes_than_users(load: Load, parts: int, expected: int) -> None:
    jobs = _share(Job(Address("127.0.0.1", 1), "noop-async", load, Path("samples")), parts)
    assert [(job.part, job.parts) for job in jobs] == [(part, expected) for part in range(expected)]
    assert len({job.samples for job in jobs}) == expected
    assert {job.load for job in jobs} == {load}


def test_the_time_is_that_of_utc_in_whole_seconds() -> None:
    said = datetime.fromisoformat(now())
    assert (said.utcoffset(), said.microsecond) == (timedelta(0), 0)
    assert abs(datetime.now(UTC) - said) < timedelta(seconds=5)
