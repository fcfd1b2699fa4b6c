"""Sample files from one folder to another, piece by piece, their times moved to another clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.locust import messages, shipping
from bench.locust.clocks import ClockExchange, ClockShift
from bench.locust.shipping import Receiver, Sender
from bench.model import samples
from bench.model.evidence import SeenFailure, read_failures, write_failures
from bench.model.samples import OK, SampleFile, tag

AHEAD_NS = 5_000_000_000
AHEAD = ClockExchange(0, AHEAD_NS, AHEAD_NS, 0)


def write(path: Path, count: int) -> None:
    """Rows whose times are told by their number, by a clock that is ahead."""
    file = SampleFile(path)
    label = file.label("GET /")
    for number in range(count):
        at_ns = AHEAD_NS + number * 1000
        file.append((at_ns, 7, at_ns + 1, at_ns + 2, at_ns + 3, tag(label, OK, 42)))
        file.gaps.add(label, (at_ns, at_ns + 5))
    file.close(start_ns=AHEAD_NS, end_ns=AHEAD_NS + 9, shed=0, cpu_s=1.5)
    write_failures(
        path.with_suffix(samples.FAILURES_SUFFIX),
        [SeenFailure(kind="reset", request="GET /", done_ns=AHEAD_NS + 3, sent=b"GET")],
    )


class Wire:
    """Between a sender and a receiver; it says what it carries at most at a time."""

    def __init__(self, receiver: Receiver | None) -> None:
        self.receiver = receiver
        self.sender = Sender(self.carry)
        self.pieces = 0

    def carry(self, kind: str, data: dict[str, Any]) -> None:
        assert kind == messages.ROWS
        self.pieces += 1
        if self.receiver:
            self.receiver.hear(3, data)
            self.sender.heard()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    return there, here


def test_files_arrive_whole_with_our_times(folders: tuple[Path, Path]) -> None:
    there, here = folders
    path = there / "7-1234@fleet.samples"
    write(path, 10_000)
    receiver = Receiver(here)
    wire = Wire(receiver)
    assert wire.sender.ship([path]) == (10_000, 0)
    assert wire.pieces > 4
    receiver.settle(3, ClockShift(AHEAD, AHEAD))
    found = samples.read(here / "7-w3-1234@fleet.samples")
    expected = np.arange(10_000) * 1000
    for column, more in (("intended_ns", 0), ("sent_ns", 1), ("first_ns", 2), ("done_ns", 3)):
        assert getattr(found, column).tolist() == (expected + more).tolist()
    assert set(found.connect_ns.tolist()) == {7}
    assert set(found.worker.tolist()) == {42}
    assert (found.gaps.at_ns == expected + 5).all()
    assert set(found.gaps.gap_ns.tolist()) == {5}
    assert (found.labels, found.start_ns, found.end_ns, found.cpu_s) == (("GET /",), 0, 9, 1.5)
    (failure,) = read_failures(here / "7-w3-1234@fleet.errors")
    assert failure.done_ns == 3
    assert sorted(one.name for one in here.iterdir() if one.is_dir()) == []


def test_more_rows_than_are_sent_stay_where_they_are(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = folders
    path = there / "1-1.samples"
    write(path, 11)
    monkeypatch.setattr(shipping, "MOST_ROWS", 10)
    wire = Wire(Receiver(here))
    assert wire.sender.ship([path]) == (0, 11)
    assert (wire.pieces, list(here.iterdir())) == (0, [])


def test_a_master_that_does_not_listen_is_given_up(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, _ = folders
    path = there / "1-1.samples"
    write(path, 50_000)
    monkeypatch.setattr(shipping, "_PATIENCE_S", 0.05)
    wire = Wire(None)
    assert wire.sender.ship([path]) == (0, 50_000)
    assert wire.pieces == 4


def test_pieces_of_a_worker_that_is_lost_are_forgotten(folders: tuple[Path, Path]) -> None:
    there, here = folders
    write(there / "1-1.samples", 3)
    receiver = Receiver(here)
    Wire(receiver).sender.ship([there / "1-1.samples"])
    receiver.drop(3)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["../1-1.samples", "/tmp/1-1.samples", "", ".."])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name of a file"):
        Receiver(tmp_path).hear(1, {messages.NAME: name, messages.DATA: b""})
    assert list(tmp_path.iterdir()) == []
