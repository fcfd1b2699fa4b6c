"""`--generator-cpus` and `--users`: what a user may ask for, and the sentence where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.cli._cpus import check_connections, read_generator_cpus, share_cpus
from bench.errors import UsageError
from bench.model.plan import Block, ClosedLoad, Plan, Setup
from bench.system import cpus
from bench.system.limits import read_limits
from tests.bench.program import MINE, bench_here, lay_out

SLICES = Plan("p", "", (Block(("a",), ("s",), ("native",), (ClosedLoad(8, 1.0),), rounds=1),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("2", 2), ("6,7", (6, 7)), ("4-7", (4, 5, 6, 7)), ("7-7", (7,)), ("0,2-3", (0, 2, 3))],
)
def test_a_number_says_how_many_and_a_list_says_which(
    text: str | None, expected: int | tuple[int, ...] | None
) -> None:
    assert read_generator_cpus(text) == expected


@pytest.mark.parametrize("text", ["", "0", "two", "7-4", "1,", "-1", "5000"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--generator-cpus"):
        read_generator_cpus(text)


def test_slices_are_made_by_one_cpu_unless_more_are_asked_for() -> None:
    assert share_cpus(None, SLICES) == cpus.share(1)
    assert share_cpus(3, SLICES) == cpus.share(3)


def users(count: int) -> Plan:
    return Plan("p", "", (Block(("a",), ("s",), ("native",), (ClosedLoad(count, 1.0),), rounds=1),))


def test_more_users_than_ports_are_refused_but_not_on_a_unix_socket() -> None:
    ports = read_limits().ports
    assert ports
    check_connections(users(8), {"a": Setup("a", "uvicorn")})
    with pytest.raises(UsageError, match=f"--users {ports + 1}: .*wanted"):
        check_connections(users(ports + 1), {"a": Setup("a", "uvicorn")})
    check_connections(users(ports + 1), {"a": Setup("a", "uvicorn", bind="unix")})
    check_connections(users(ports + 1), {"a": Setup("a", "running", address="unix:/run/app.sock")})


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="a CPU for each side takes two")
def test_the_run_is_made_by_the_cpus_that_were_named(tmp_path: Path) -> None:
    lay_out(tmp_path)
    first = min(os.sched_getaffinity(0))
    done = bench_here(
        *("run", "tiny", *MINE, "--generator-cpus", f"{first}-{first}", "--rounds", "1", "--minutes", "0.05"),
        *("--out", "mine"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    facts = (tmp_path / "mine/run.json").read_text()
    assert f'"generator": [{first}]' in " ".join(facts.split()).replace("[ ", "[").replace(" ]", "]")


def test_a_cpu_that_is_not_there_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path)
    done = bench_here("run", "tiny", *MINE, "--generator-cpus", "900-901", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "CPU 900 is not ours" in done.stderr
