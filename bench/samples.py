"""Samples: one row a request, in columns, from any engine."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

OK = 0
"""The outcome of a right answer; every other outcome is a failure."""

_COLUMNS = 4
_CHUNK_ROWS = 32768
_MOST_LABELS = 0xFFFE


@dataclass(frozen=True, slots=True)
class Samples:
    """Requests of one cell, warm-up included.

    `intended_ns`, `sent_ns` and `done_ns` are CLOCK_MONOTONIC; `label` and `outcome` index `labels` and `outcomes`;
    `worker` is the pid that answered, 0 when unknown. The measured part is [start_ns, end_ns). `shed` sessions of the
    measured part never started; `cpu_s` is the generator's CPU time in it. `sent` requests were sent in all, as the
    engine counted them apart from the rows; None where it does not.
    """

    intended_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    done_ns: NDArray[np.int64]
    label: NDArray[np.int64]
    outcome: NDArray[np.int64]
    worker: NDArray[np.int64]
    labels: tuple[str, ...]
    outcomes: tuple[str, ...]
    start_ns: int
    end_ns: int
    shed: int = 0
    cpu_s: float = 0.0
    sent: int | None = None

    @property
    def duration_s(self) -> float:
        return (self.end_ns - self.start_ns) / 1e9

    def during(self, at_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these moments, one a row, lie in the measured part."""
        return (at_ns >= self.start_ns) & (at_ns < self.end_ns)

    def rows(self, mask: NDArray[np.bool_]) -> Samples:
        """The rows that the mask selects."""
        return replace(
            self,
            intended_ns=self.intended_ns[mask],
            sent_ns=self.sent_ns[mask],
            done_ns=self.done_ns[mask],
            label=self.label[mask],
            outcome=self.outcome[mask],
            worker=self.worker[mask],
        )


def tag(label: int, outcome: int, worker: int) -> int:
    """Label, outcome and worker's pid as one number."""
    return worker << 32 | outcome << 16 | label


class SampleFile:
    """Appends rows to a file in chunks, so that an engine's memory stays flat however long it runs.

    Each row is four 64-bit integers: intended, sent, done, and a tag of worker pid, outcome and label. `append` takes
    one such row; `spill`, called now and then, writes them out.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._meta_path = path.with_suffix(".json")
        self._rows = array("q")
        self.append: Callable[[tuple[int, int, int, int]], None] = self._rows.extend
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

    def spill(self) -> None:
        """Write out the rows so far, once there are many."""
        if len(self._rows) >= _CHUNK_ROWS * _COLUMNS:
            self._flush()

    def close(self, *, start_ns: int, end_ns: int, shed: int, cpu_s: float, sent: int | None = None) -> None:
        """Write what is left, and the facts about the whole beside it."""
        self._flush()
        self._file.close()
        meta = {
            "labels": list(self._labels),
            "outcomes": list(self._outcomes),
            "start_ns": start_ns,
            "end_ns": end_ns,
            "shed": shed,
            "cpu_s": cpu_s,
            "sent": sent,
        }
        self._meta_path.write_text(json.dumps(meta))

    @property
    def requests(self) -> int:
        """Rows so far."""
        return self._written + len(self._rows) // _COLUMNS

    def recent_response_ns(self, most: int) -> NDArray[np.int64]:
        """Response times of at most `most` of the latest rows, for a live display; may be empty."""
        rows = np.array(self._rows[-most * _COLUMNS :], dtype=np.int64).reshape(-1, _COLUMNS)
        return rows[:, 2] - rows[:, 0]

    def _flush(self) -> None:
        self._written += len(self._rows) // _COLUMNS
        self._rows.tofile(self._file)
        del self._rows[:]


def read(path: Path) -> Samples:
    """Read what a `SampleFile` wrote."""
    meta = json.loads(path.with_suffix(".json").read_text())
    rows = np.fromfile(path, dtype=np.int64).reshape(-1, _COLUMNS)
    tags = rows[:, 3]
    return Samples(
        intended_ns=rows[:, 0],
        sent_ns=rows[:, 1],
        done_ns=rows[:, 2],
        label=tags & 0xFFFF,
        outcome=tags >> 16 & 0xFFFF,
        worker=tags >> 32,
        labels=tuple(meta["labels"]),
        outcomes=tuple(meta["outcomes"]),
        start_ns=meta["start_ns"],
        end_ns=meta["end_ns"],
        shed=meta["shed"],
        cpu_s=meta["cpu_s"],
        sent=meta["sent"],
    )


def join(parts: Sequence[Samples]) -> Samples:
    """Samples of several generator processes that ran side by side, as if one had made them."""
    first = parts[0]
    if len(parts) == 1:
        return first
    counts = [part.sent for part in parts if part.sent is not None]
    labels = _union(part.labels for part in parts)
    outcomes = _union(part.outcomes for part in parts)

    def column(name: str) -> NDArray[np.int64]:
        return np.concatenate([getattr(part, name) for part in parts])

    def renumbered(name: str, table: str, numbers: Mapping[str, int]) -> NDArray[np.int64]:
        return np.concatenate(
            [
                np.array([numbers[text] for text in getattr(part, table)], dtype=np.int64)[
                    getattr(part, name)
                ]
                for part in parts
            ]
        )

    return Samples(
        intended_ns=column("intended_ns"),
        sent_ns=column("sent_ns"),
        done_ns=column("done_ns"),
        label=renumbered("label", "labels", labels),
        outcome=renumbered("outcome", "outcomes", outcomes),
        worker=column("worker"),
        labels=tuple(labels),
        outcomes=tuple(outcomes),
        start_ns=max(part.start_ns for part in parts),
        end_ns=min(part.end_ns for part in parts),
        shed=sum(part.shed for part in parts),
        cpu_s=sum(part.cpu_s for part in parts),
        sent=sum(counts) if len(counts) == len(parts) else None,
    )


def _union(tables: Iterable[tuple[str, ...]]) -> dict[str, int]:
    return {text: number for number, text in enumerate(dict.fromkeys(text for t in tables for text in t))}
