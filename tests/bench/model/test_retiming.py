"""Files of samples by another clock: what is a moment moves, what is a length stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.model import samples
from bench.model.evidence import SeenFailure, read_failures, write_failures
from bench.model.retiming import retime
from bench.model.samples import FAILURES_SUFFIX, SampleFile, tag


def behind(moments_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    return moments_ns - 1000


@pytest.mark.parametrize("count", [0, 3])
def test_moments_move_and_lengths_stay(count: int, tmp_path: Path) -> None:
    path = tmp_path / "1-7.samples"
    file = SampleFile(path)
    label, outcome = file.label("GET /"), file.outcome("reset")
    for number in range(count):
        at_ns = 5000 + number
        file.append((at_ns, 50, at_ns + 60, at_ns + 70, at_ns + 80, tag(label, outcome, 9)))
        file.gaps.add(label, (at_ns + 70, at_ns + 75))
    file.close(start_ns=5000, end_ns=6000, shed=2, cpu_s=0.5, sent=count)
    before = samples.read(path)
    retime(path, behind)
    after = samples.read(path)
    for name in ("intended_ns", "sent_ns", "first_ns", "done_ns"):
        assert (getattr(before, name) - getattr(after, name) == 1000).all()
    for name in ("connect_ns", "label", "outcome", "worker"):
        assert (getattr(before, name) == getattr(after, name)).all()
    assert (before.gaps.at_ns - after.gaps.at_ns == 1000).all()
    assert (before.gaps.gap_ns == after.gaps.gap_ns).all()
    assert len(after.gaps.at_ns) == len(after.done_ns) == count
    assert (after.start_ns, after.end_ns, after.shed, after.sent) == (4000, 5000, 2, count)
    assert not path.with_suffix(FAILURES_SUFFIX).exists()


def test_failures_move_with_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "1-7.samples"
    SampleFile(path).close(start_ns=1000, end_ns=2000, shed=0, cpu_s=0.0)
    one = SeenFailure(kind="reset", request="GET /", done_ns=1500, sent=b"GET / \xff")
    write_failures(path.with_suffix(FAILURES_SUFFIX), [one])
    retime(path, behind)
    (found,) = read_failures(path.with_suffix(FAILURES_SUFFIX))
    assert (found.done_ns, found.sent) == (500, one.sent)
