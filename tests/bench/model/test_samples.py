from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.recording import join
from bench.model.samples import _CHUNK_ROWS, OK, SampleFile, Samples, Stalls, read, tag


class Row(NamedTuple):
    intended_ns: int
    connect_ns: int
    sent_ns: int
    first_ns: int
    done_ns: int
    label: str
    outcome: str
    worker: int


times = st.integers(0, 2**62)
rows_of = st.lists(
    st.builds(
        Row,
        times,
        times,
        times,
        times,
        times,
        st.sampled_from(["GET /a", "GET /b", "POST /ü"]),
        st.sampled_from(["ok", "status-500", "timeout"]),
        st.integers(0, 2**22),
    ),
    max_size=30,
)


def write(path: Path, rows: Sequence[Row], **whole: float) -> None:
    file = SampleFile(path)
    for row in rows:
        mark = tag(file.label(row.label), file.outcome(row.outcome), row.worker)
        file.append((row.intended_ns, row.connect_ns, row.sent_ns, row.first_ns, row.done_ns, mark))
        file.spill()
    file.close(**{"start_ns": 10, "end_ns": 20, "shed": 0, "cpu_s": 0.0} | whole)  # type: ignore[arg-type]


def rows_in(samples: Samples) -> list[Row]:
    return [
        Row(
            intended_ns=intended,
            connect_ns=connect,
            sent_ns=sent,
            first_ns=first,
            done_ns=done,
            label=samples.labels[label],
            outcome=samples.outcomes[outcome],
            worker=worker,
        )
        for intended, connect, sent, first, done, label, outcome, worker in zip(
            samples.intended_ns.tolist(),
            samples.connect_ns.tolist(),
            samples.sent_ns.tolist(),
            samples.first_ns.tolist(),
            samples.done_ns.tolist(),
            samples.label.tolist(),
            samples.outcome.tolist(),
            samples.worker.tolist(),
            strict=True,
        )
    ]


@settings(max_examples=40, derandomize=True, deadline=None)
@given(rows_of)
def test_what_was_written_is_read(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "samples"), rows, start_ns=3, end_ns=8, shed=4, cpu_s=0.25)
        found = read(Path(folder, "samples"))
    assert rows_in(found) == rows
    assert (found.start_ns, found.end_ns, found.shed, found.cpu_s) == (3, 8, 4, 0.25)
    assert found.duration_s == 5e-9
    assert found.outcomes[OK] == "ok"


@pytest.mark.parametrize(
    ("label", "outcome", "worker"),
    [(0, 0, 0), (0xFFFF, 0, 0), (0, 0xFFFF, 0), (0, 0, 2**22), (0xFFFF, 0xFFFF, 2**31 - 1)],
    ids=["nothing", "last label", "last outcome", "largest pid of Linux", "all at once"],
)
def test_a_tag_keeps_its_parts_apart(tmp_path: Path, label: int, outcome: int, worker: int) -> None:
    file = SampleFile(tmp_path / "samples")
    file.append((1, 0, 2, 3, 3, tag(label, outcome, worker)))
    file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.0)
    found = read(tmp_path / "samples")
    assert (found.label.tolist(), found.outcome.tolist(), found.worker.tolist()) == (
        [label],
        [outcome],
        [worker],
    )


def test_rows_reach_the_disk_in_chunks_and_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    file = SampleFile(path)
    for number in range(_CHUNK_ROWS - 1):
        file.append((number, 0, number, number, number + 5, 0))
    file.spill()
    assert path.stat().st_size == 0, "one row short of a chunk: nothing is written"
    file.append((9, 0, 9, 9, 9 + 7, 0))
    assert file.recent_p99_ms() == 5e-6, "the 495th of the last 500 in order: 499 of 5 ns, one of 7"
    file.spill()
    assert path.stat().st_size == _CHUNK_ROWS * 6 * 8
    assert file.recent_p99_ms() is None
    file.append((1, 0, 1, 1, 4, 0))
    assert file.requests == _CHUNK_ROWS + 1
    assert file.recent_p99_ms() == 3e-6
    file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.0)
    assert read(path).intended_ns.tolist() == [*range(_CHUNK_ROWS - 1), 9, 1]


def test_a_file_without_rows_can_be_read(tmp_path: Path) -> None:
    write(tmp_path / "samples", [])
    found = read(tmp_path / "samples")
    assert rows_in(found) == []
    assert found.outcomes == ("ok",)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(rows_of, min_size=1, max_size=4))
def test_several_files_joined_equal_one(parts: list[list[Row]]) -> None:
    """Labels and outcomes get their numbers in the order of first use, which differs from file to file."""
    with tempfile.TemporaryDirectory() as folder:
        for number, rows in enumerate(parts):
            write(Path(folder, str(number)), rows)
        write(Path(folder, "whole"), [row for rows in parts for row in rows])
        joined = join([read(Path(folder, str(number))) for number in range(len(parts))])
        whole = read(Path(folder, "whole"))
    assert rows_in(joined) == rows_in(whole)
    assert (set(joined.labels), set(joined.outcomes)) == (set(whole.labels), set(whole.outcomes))
    assert joined.outcomes[OK] == "ok"


def test_joined_generators_share_the_part_that_all_measured(tmp_path: Path) -> None:
    write(tmp_path / "a", [], start_ns=10, end_ns=20, shed=1, cpu_s=0.5)
    write(tmp_path / "b", [], start_ns=12, end_ns=21, shed=2, cpu_s=0.25)
    found = join([read(tmp_path / "a"), read(tmp_path / "b")])
    assert (found.start_ns, found.end_ns, found.shed, found.cpu_s) == (12, 20, 3, 0.75)


def test_rows_selects_in_every_column(tmp_path: Path) -> None:
    rows = [
        Row(
            intended_ns=n,
            connect_ns=0,
            sent_ns=n + 1,
            first_ns=n + 1,
            done_ns=n + 2,
            label=f"GET /{n}",
            outcome="ok",
            worker=n,
        )
        for n in range(3)
    ]
    write(tmp_path / "samples", rows)
    assert rows_in(read(tmp_path / "samples").rows(np.array([True, False, True]))) == [rows[0], rows[2]]


def test_what_held_the_generator_up_is_kept_and_of_two_processes_taken_together(tmp_path: Path) -> None:
    """The worse of both: a process holds up its own requests alone."""
    for name, late_ns, run_wait_s, imported in (("a", [1, 9], 0.2, ("x",)), ("b", [5], None, ("x", "y"))):
        file = SampleFile(tmp_path / name)
        stalls = Stalls(np.array(late_ns), run_wait_s, imported)
        file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.0, stalls=stalls)
    one, two = read(tmp_path / "a"), read(tmp_path / "b")
    assert (one.stalls.late_ns.tolist(), one.stalls.run_wait_s, one.stalls.imported) == ([1, 9], 0.2, ("x",))
    both = join([one, two]).stalls
    assert (both.late_ns.tolist(), both.run_wait_s, both.imported) == ([1, 9], 0.2, ("x", "y"))


@pytest.mark.parametrize(("count", "expected_ms"), [(1, 0.0), (100, 98e-6), (101, 99e-6), (700, 694e-6)])
def test_the_recent_p99_is_the_nearest_rank_of_the_last_500_rows(
    tmp_path: Path, count: int, expected_ms: float
) -> None:
    """Row n took n nanoseconds: of 0 to 99 the 99th is 98, of 200 to 699 the 495th is 694."""
    file = SampleFile(tmp_path / "samples")
    for number in reversed(range(count)) if count < 500 else range(count):
        file.append((1000, 0, 1000, 1000, 1000 + number, 0))
    found_ms = file.recent_p99_ms()
    file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.0)
    assert found_ms == pytest.approx(expected_ms)
