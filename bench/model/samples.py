"""Samples: one row a request, in columns, from any engine."""

from __future__ import annotations

import errno
import json
import math
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.evidence import SeenFailure, read_failures
from bench.model.gaps import GapFile, Gaps, count_gaps, no_numbers, read_gaps

OK = 0
"""The outcome of a right answer; every other outcome is a failure."""

OUT_OF_FILES, OUT_OF_PORTS = "out-of-files", "out-of-ports"
"""Outcomes of requests for which this machine could open no connection."""
EXHAUSTED = {errno.EMFILE: OUT_OF_FILES, errno.ENFILE: OUT_OF_FILES, errno.EADDRNOTAVAIL: OUT_OF_PORTS}
"""The same by the number of the system's error."""

FAILURES_SUFFIX = ".errors"
"""Of the file next to the samples that holds the first failed requests."""

_COLUMNS = 6
_ROW_BYTES = _COLUMNS * 8
COLUMN_NAMES = ("intended_ns", "connect_ns", "sent_ns", "first_ns", "done_ns", "label", "outcome", "worker")
_CHUNK_ROWS = 4096
"""Some 200 kB: to write them out takes about 0.1 ms, a megabyte would hold up the requests that are due meanwhile."""
_MOST_LABELS = 0xFFFE
_RECENT = 500


@dataclass(frozen=True, slots=True)
class Stalls:
    """The stalls of the generator's own process in the measured part.

    `late_ns` has an entry for each call that was due every `heartbeat.PERIOD_NS`: how late the event loop came to it.
    `run_wait_s` is the time that the process was ready to run and had no CPU, None where the system does not say.
    `imported` are modules that were loaded meanwhile.
    """

    late_ns: NDArray[np.int64] = field(default_factory=no_numbers)
    run_wait_s: float | None = None
    imported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording(ABC):
    """The requests of one cell, warm-up included, in parts of any size, and what is known of all of them.

    The measured part is [start_ns, end_ns). `shed` sessions of the measured part never started; `cpu_s` is the
    generator's CPU time in it. `sent` requests were sent in all, as the engine counted them apart from the rows; None
    where it does not. `resent` of them met a connection that had just been closed. Users made `pauses` in sessions.
    `failures` are the first failed requests of each kind and name.
    """

    labels: tuple[str, ...]
    outcomes: tuple[str, ...]
    start_ns: int
    end_ns: int
    shed: int = 0
    cpu_s: float = 0.0
    sent: int | None = None
    resent: int = 0
    stalls: Stalls = field(default_factory=Stalls)
    pauses: int = 0
    failures: tuple[SeenFailure, ...] = ()

    @property
    def duration_s(self) -> float:
        return (self.end_ns - self.start_ns) / 1e9

    def during(self, at_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these moments, one a row, lie in the measured part."""
        return (at_ns >= self.start_ns) & (at_ns < self.end_ns)

    @abstractmethod
    def parts(self) -> Iterator[Samples]:
        """The requests, those that ended last first; each part has the facts of the whole."""

    @abstractmethod
    def map(self, change: Callable[[Samples], Samples]) -> Recording:
        """The recording with each part changed, and the facts as the change makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples(Recording):
    """Requests that are at hand, one a row.

    Those in ns are CLOCK_MONOTONIC; `first_ns` is when the first bytes of the answer came, even of an interim one, and
    `done_ns` where it came in one piece or not at all. `connect_ns` is the wait for a new connection, 0 for none.
    `label` and `outcome` index `labels` and `outcomes`; `worker` is the pid that answered, 0 when unknown. Requests
    belong to the measured part by their intended start; where `timed` says so of each, the times of some do not count:
    in a lane those that began a slice. `gaps` belong to it by their own time.
    """

    intended_ns: NDArray[np.int64]
    connect_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    first_ns: NDArray[np.int64]
    done_ns: NDArray[np.int64]
    label: NDArray[np.int64]
    outcome: NDArray[np.int64]
    worker: NDArray[np.int64]
    timed: NDArray[np.bool_] | None = None
    gaps: Gaps = field(default_factory=Gaps)

    def parts(self) -> Iterator[Samples]:
        yield self

    def map(self, change: Callable[[Samples], Samples]) -> Samples:
        return change(self)

    def rows(self, mask: NDArray[np.bool_]) -> Samples:
        """The rows that the mask selects; the gaps stay."""
        return replace(
            self,
            intended_ns=self.intended_ns[mask],
            connect_ns=self.connect_ns[mask],
            sent_ns=self.sent_ns[mask],
            first_ns=self.first_ns[mask],
            done_ns=self.done_ns[mask],
            label=self.label[mask],
            outcome=self.outcome[mask],
            worker=self.worker[mask],
            timed=None if self.timed is None else self.timed[mask],
        )


def tag(label: int, outcome: int, worker: int) -> int:
    """Label, outcome and worker's pid as one number."""
    return worker << 32 | outcome << 16 | label


def label_of(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of the labels in tags."""
    return tags & 0xFFFF


def outcome_of(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of the outcomes in tags."""
    return tags >> 16 & 0xFFFF


class SampleFile:
    """Appends rows to a file in chunks, so that an engine's memory stays flat however long it runs.

    Each row is six 64-bit integers: intended, connect, sent, first, done, and a tag of worker, outcome and label.
    `append` takes one, `gaps` those of streams; `spill`, called now and then, writes them out.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")  # all of them now, as later there may be no open file left
        self._late = _late(path).open("wb")
        self.gaps = GapFile(path)
        self._meta = _meta(path).open("w")
        self._rows = array("q")
        self.append: Callable[[tuple[int, int, int, int, int, int]], None] = self._rows.extend
        self._written = 0
        self._labels: dict[str, int] = {}
        self._outcomes: dict[str, int] = {"ok": OK}

    def label(self, text: str) -> int:
        """The number of a label, given at its first use. Raises ValueError when there are too many."""
        if len(self._labels) > _MOST_LABELS:
            raise ValueError(
                "more than 65,535 different requests: give those that belong together one `name`"
            )
        return self._labels.setdefault(text, len(self._labels))

    def outcome(self, text: str) -> int:
        """The number of an outcome, given at its first use."""
        return self._outcomes.setdefault(text, len(self._outcomes))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes so far, by their numbers."""
        return tuple(self._outcomes)

    def spill(self) -> None:
        """Write out the rows so far, once there are many."""
        if len(self._rows) >= _CHUNK_ROWS * _COLUMNS:
            self.write()
        self.gaps.spill()

    def close(
        self,
        *,
        start_ns: int,
        end_ns: int,
        shed: int,
        cpu_s: float,
        sent: int | None = None,
        resent: int = 0,
        stalls: Stalls | None = None,
        pauses: int = 0,
    ) -> None:
        """Write what is left, and the facts about the whole beside it."""
        self.write()
        self._file.close()
        self.gaps.close()
        stalls = stalls or Stalls()
        meta = {
            "labels": list(self._labels),
            "outcomes": list(self._outcomes),
            "start_ns": start_ns,
            "end_ns": end_ns,
            "shed": shed,
            "cpu_s": cpu_s,
            "sent": sent,
            "resent": resent,
            "pauses": pauses,
            "run_wait_s": stalls.run_wait_s,
            "imported": stalls.imported,
        }
        with self._late, self._meta:
            stalls.late_ns.tofile(self._late)
            json.dump(meta, self._meta)

    @property
    def requests(self) -> int:
        """Rows so far."""
        return self._written + len(self._rows) // _COLUMNS

    def recent_p99_ms(self) -> float | None:
        """The p99 of the response times of the last 500 rows, for a live display; None without rows.

        By sorting, the nearest rank: NumPy would load modules at its first percentile, which takes 10 to 17 ms.
        """
        rows = self._rows[-_RECENT * _COLUMNS :]
        times_ns = sorted(map(int.__sub__, rows[4::_COLUMNS], rows[::_COLUMNS]))
        return times_ns[math.ceil(0.99 * len(times_ns)) - 1] / 1e6 if times_ns else None

    def write(self) -> None:
        """Write out the rows so far, for somebody who reads them meanwhile."""
        self._written += len(self._rows) // _COLUMNS
        self._rows.tofile(self._file)
        self._file.flush()
        del self._rows[:]


def _meta(path: Path) -> Path:
    return path.with_suffix(".json")


def _late(path: Path) -> Path:
    return path.with_suffix(".late")


def count_rows(path: Path) -> int:
    """The rows in what a `SampleFile` wrote."""
    return path.stat().st_size // _ROW_BYTES


def read(path: Path) -> Samples:
    """Read what a `SampleFile` wrote."""
    rows = read_rows(path, read_facts(path), 0, count_rows(path))
    return replace(rows, gaps=read_gaps(path, 0, count_gaps(path)))


def read_rows(path: Path, facts: Samples, first: int, count: int) -> Samples:
    """So many rows of a file from the `first` on, with its facts."""
    rows = read_table(path, first, count)
    intended_ns, connect_ns, sent_ns, first_ns, done_ns, tags = np.ascontiguousarray(rows.T)
    return replace(
        facts,
        intended_ns=intended_ns,
        connect_ns=connect_ns,
        sent_ns=sent_ns,
        first_ns=first_ns,
        done_ns=done_ns,
        label=label_of(tags),
        outcome=outcome_of(tags),
        worker=tags >> 32,
    )


def read_table(path: Path, first: int, count: int) -> NDArray[np.int64]:
    """So many rows of a file from the `first` on, as they are written: a table of six columns."""
    return np.fromfile(path, np.int64, count * _COLUMNS, offset=first * _ROW_BYTES).reshape(-1, _COLUMNS)


def read_facts(path: Path) -> Samples:
    """The facts of what a `SampleFile` wrote, without a row."""
    meta = json.loads(_meta(path).read_text())
    return Samples(
        **_no_rows(),
        labels=tuple(meta["labels"]),
        outcomes=tuple(meta["outcomes"]),
        start_ns=meta["start_ns"],
        end_ns=meta["end_ns"],
        shed=meta["shed"],
        cpu_s=meta["cpu_s"],
        sent=meta["sent"],
        resent=meta["resent"],
        pauses=meta["pauses"],
        stalls=Stalls(
            np.fromfile(_late(path), np.int64), meta["run_wait_s"], tuple(map(str, meta["imported"]))
        ),
        failures=read_failures(path.with_suffix(FAILURES_SUFFIX)),
    )


def empty(recording: Recording) -> Samples:
    """The facts of a recording, without a row."""
    shared: dict[str, Any] = {one.name: getattr(recording, one.name) for one in fields(Recording)}
    return Samples(**_no_rows(), **shared)


def _no_rows() -> dict[str, Any]:
    return {name: no_numbers() for name in COLUMN_NAMES}
