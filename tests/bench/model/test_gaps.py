"""Gaps between pieces, written and read, in memory that stays flat."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.gaps import _CHUNK_ROWS, GapFile, Gaps, concatenate, count_gaps, read_gaps

arrivals = st.lists(st.integers(0, 2**40), max_size=8).map(sorted)
streams = st.lists(st.tuples(st.integers(0, 3), arrivals), max_size=8)


def rows_in(gaps: Gaps) -> list[tuple[int, int, int]]:
    return list(zip(gaps.at_ns.tolist(), gaps.gap_ns.tolist(), gaps.label.tolist(), strict=True))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(streams)
def test_the_gaps_of_an_answer_are_those_between_its_pieces(answers: list[tuple[int, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples")
        file = GapFile(path)
        for label, moments in answers:
            file.add(label, moments)
        file.close()
        count = count_gaps(path)
        found = rows_in(read_gaps(path, 0, count))
        halves = concatenate(
            [read_gaps(path, 0, count // 2), read_gaps(path, count // 2, count - count // 2)]
        )
    expected = [(b, b - a, label) for label, moments in answers for a, b in itertools.pairwise(moments)]
    assert found == rows_in(halves) == expected
    assert count == len(expected)


def test_gaps_reach_the_disk_in_chunks(tmp_path: Path) -> None:
    file = GapFile(tmp_path / "samples")
    file.add(1, range(_CHUNK_ROWS))
    file.spill()
    assert count_gaps(tmp_path / "samples") == 0, "one gap short of a chunk: nothing is written"
    file.add(1, (5, 7))
    file.spill()
    assert count_gaps(tmp_path / "samples") == _CHUNK_ROWS
    file.close()
    assert rows_in(read_gaps(tmp_path / "samples", _CHUNK_ROWS - 1, 1)) == [(7, 2, 1)]


def test_rows_selects_in_every_column(tmp_path: Path) -> None:
    file = GapFile(tmp_path / "samples")
    file.add(2, (10, 13, 20))
    file.close()
    gaps = read_gaps(tmp_path / "samples", 0, 2)
    assert rows_in(gaps.rows(gaps.at_ns > 15)) == [(20, 7, 2)]
