"""What a generator process is told, and how it waits to be told to go."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.engines.job import Job, read_job, say
from bench.model.address import Address, Tls
from bench.model.plan import ClosedLoad, OpenLoad

JOBS = {
    "closed": Job(Address("127.0.0.1", 80), "noop-async", ClosedLoad(3, 1.5, think_s=0.1), Path("samples")),
    "open, with every field set": Job(
        Address(
            "::1",
            8000,
            host_header="app.test",
            prefix="/api",
            socket="/run/a.sock",
            tls=Tls("ca.pem", verify=False, name="app.test"),
        ),
        "mine",
        OpenLoad(12.5, 2.0, 0.25, arrivals="uniform", max_sessions=7, shape="ramp"),
        Path("/tmp/a b"),
        seed=2**32,
        scenarios_file=Path("my scenarios.py"),
        bystander=True,
        timeout_s=0.5,
        part=1,
        parts=2,
    ),
}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_is_read_as_it_was_written(job: Job, tmp_path: Path) -> None:
    job.write(tmp_path / "job")

    assert read_job(tmp_path / "job") == job


def test_a_generator_whose_launcher_is_gone_ends_without_a_request(tmp_path: Path) -> None:
    JOBS["closed"].write(tmp_path / "job")
    done = subprocess.run(
        [sys.executable, "-m", "bench.engines.native", str(tmp_path / "job")],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert json.loads(done.stdout) == {"ready": True}


def test_a_message_has_a_line_of_its_own_whatever_a_flow_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print("going", end="")
    say(ready=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"ready": True}
