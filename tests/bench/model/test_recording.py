"""Samples that stay in their files, against the same samples at hand."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model import recording
from bench.model.recording import StoredSamples, gather, join, record
from bench.model.samples import SampleFile, Samples, read
from tests.bench.model.test_samples import Row, rows_in, rows_of, write


@pytest.fixture(autouse=True)
def few_rows_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_PART_ROWS", 3)


def in_order(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.done_ns)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(rows_of.map(in_order), min_size=1, max_size=3))
def test_parts_hold_every_row_once_and_go_back_through_time(files: list[list[Row]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, str(number)) for number in range(len(files))]
        for path, rows in zip(paths, files, strict=True):
            write(path, rows)
        stored = record(paths, most_rows=-1)
        assert isinstance(stored, StoredSamples)
        parts = list(stored.parts())
        expected = join([read(path) for path in paths])
        whole = gather(stored)
    assert sorted(rows_in(whole)) == sorted(rows_in(expected))
    assert sum(len(part.done_ns) for part in parts) == sum(map(len, files))
    assert (stored.labels, stored.outcomes) == (expected.labels, expected.outcomes)
    for later, earlier in itertools.pairwise(parts):
        assert later.done_ns.min() >= earlier.done_ns.max()


def test_few_rows_are_at_hand_and_many_stay_in_their_file(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "samples")
    for number in range(10):
        file.append((number, 0, number, number, number + 5, 0))
    file.close(start_ns=3, end_ns=8, shed=2, cpu_s=0.5, sent=11)
    few, many = (record([tmp_path / "samples"], most_rows) for most_rows in (10, 9))
    assert (type(few), type(many)) == (Samples, StoredSamples)
    assert (many.start_ns, many.end_ns, many.shed, many.cpu_s, many.sent) == (3, 8, 2, 0.5, 11)
    assert [len(part.done_ns) for part in many.parts()] == [3, 3, 3, 1]
    assert gather(many).done_ns.tolist() == gather(few).done_ns.tolist()


def test_a_change_is_made_to_each_part_and_to_the_facts(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "samples")
    for number in range(10):
        file.append((number, 0, number, number, number + 5, 0))
    file.close(start_ns=0, end_ns=100, shed=0, cpu_s=0.0)
    changed = record([tmp_path / "samples"], 5).map(
        lambda part: replace(part.rows(part.done_ns % 2 == 0), start_ns=7)
    )
    assert changed.start_ns == 7
    assert gather(changed).done_ns.tolist() == [6, 8, 10, 12, 14]


def test_gaps_of_several_generators_are_joined_by_the_names_of_their_requests(tmp_path: Path) -> None:
    """Each file numbers the names by itself; at hand or in the files, the gaps are the same."""
    for name, labels in (("a", ("x", "y")), ("b", ("y", "z"))):
        file = SampleFile(tmp_path / name)
        for label in labels:
            file.append((1, 0, 1, 2, 9, file.label(label)))
        file.gaps.add(file.label("y"), (0, 3, 10, 30, 100))
        file.close(start_ns=0, end_ns=100, shed=0, cpu_s=0.0)
    paths = [tmp_path / "a", tmp_path / "b"]
    at_hand, stored = record(paths), record(paths, most_rows=11)
    assert (type(at_hand), type(stored)) == (Samples, StoredSamples)
    for found in (gather(at_hand), gather(stored)):
        y = found.labels.index("y")
        assert sorted(found.gaps.gap_ns.tolist()) == [3, 3, 7, 7, 20, 20, 70, 70]
        assert set(found.gaps.label.tolist()) == {y}
        assert sorted(found.gaps.at_ns.tolist()) == [3, 3, 10, 10, 30, 30, 100, 100]
        assert len(found.done_ns) == 4
    assert max(len(part.gaps.at_ns) for part in stored.parts()) == 3, "read in parts"
