"""Samples of a cell that may be too many to be held at once: read from their files in parts, the last first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model import samples
from bench.model.gaps import Gaps, concatenate, count_gaps, read_gaps
from bench.model.samples import Recording, Samples, Stalls

MOST_ROWS = 250_000
"""Of samples that are held at once: to sum them up takes some 200 bytes a row."""
_PART_ROWS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSamples(Recording):
    """Samples that stay in their files, which must be there for as long as these are read."""

    read_parts: Callable[[], Iterator[Samples]]

    def parts(self) -> Iterator[Samples]:
        return self.read_parts()

    def map(self, change: Callable[[Samples], Samples]) -> StoredSamples:
        read_parts = self.read_parts
        changed = change(samples.empty(self))
        return _stored(changed, lambda: (change(part) for part in read_parts()))


def record(paths: Sequence[Path], most_rows: int = MOST_ROWS) -> Recording:
    """The samples in the files of generators that ran side by side: at hand where they are few enough."""
    rows = sum(samples.count_rows(path) + count_gaps(path) for path in paths)
    if rows <= most_rows:
        return join([samples.read(path) for path in paths])
    facts = join([samples.read_facts(path) for path in paths])
    return _stored(facts, lambda: itertools.chain(_merge(paths, facts), _gap_parts(paths, facts)))


def gather(recording: Recording) -> Samples:
    """All samples of a recording at once, however many they are."""
    parts = list(recording.parts())[::-1]
    return _put_together(parts) if parts else samples.empty(recording)


def _stored(facts: Samples, read_parts: Callable[[], Iterator[Samples]]) -> StoredSamples:
    shared: dict[str, Any] = {field.name: getattr(facts, field.name) for field in fields(Recording)}
    return StoredSamples(read_parts=read_parts, **shared)


def _merge(paths: Sequence[Path], facts: Samples) -> Iterator[Samples]:
    """The rows of all files in parts, of which each holds later ends than the next.

    An engine writes a row when its request ends, but for a few milliseconds: so far rows of neighbouring parts may be
    out of order.
    """
    sources = [_backwards(path, facts) for path in paths]
    held = [(source, part) for source in sources if (part := next(source, None)) is not None]
    while held:
        cut_ns = max(int(part.done_ns.min()) for _, part in held)
        late = [_split(part, part.done_ns >= cut_ns) for _, part in held]
        yield _put_together([mine for mine, _ in late])
        held = [
            (source, left)
            for (source, _), (_, rest) in zip(held, late, strict=True)
            if (left := rest if len(rest.done_ns) else next(source, None)) is not None
        ]


def _gap_parts(paths: Sequence[Path], whole: Samples) -> Iterator[Samples]:
    """Parts without a row that hold the gaps of all files."""
    for path in paths:
        labels, end = samples.read_facts(path).labels, count_gaps(path)
        for first in range(0, end, _PART_ROWS):
            gaps = read_gaps(path, first, min(_PART_ROWS, end - first))
            yield replace(whole, gaps=_relabel(gaps, labels, whole.labels))


def _relabel(gaps: Gaps, old: tuple[str, ...], new: tuple[str, ...]) -> Gaps:
    return replace(gaps, label=_renumber(gaps.label, old, new))


def _split(part: Samples, mask: NDArray[np.bool_]) -> tuple[Samples, Samples]:
    return part.rows(mask), part.rows(~mask)


def _backwards(path: Path, whole: Samples) -> Iterator[Samples]:
    """The parts of a file with the facts of the whole, the last first."""
    facts, end = samples.read_facts(path), samples.count_rows(path)
    while end > 0:
        start = max(0, end - _PART_ROWS)
        yield _adopt(samples.read_rows(path, facts, start, end - start), whole)
        end = start


def _adopt(part: Samples, whole: Recording) -> Samples:
    """A part with the facts of the whole, which knows all its labels and outcomes."""
    columns: dict[str, Any] = {name: getattr(part, name) for name in samples.COLUMN_NAMES}
    columns["label"] = _renumber(part.label, part.labels, whole.labels)
    columns["outcome"] = _renumber(part.outcome, part.outcomes, whole.outcomes)
    gaps = _relabel(part.gaps, part.labels, whole.labels)
    return replace(samples.empty(whole), **columns, gaps=gaps)


def join(parts: Sequence[Samples]) -> Samples:
    """Samples of several generator processes that ran side by side, as if one had made them."""
    if len(parts) == 1:
        return parts[0]
    counts = [part.sent for part in parts if part.sent is not None]
    whole = replace(
        samples.empty(parts[0]),
        labels=_union(part.labels for part in parts),
        outcomes=_union(part.outcomes for part in parts),
        start_ns=max(part.start_ns for part in parts),
        end_ns=min(part.end_ns for part in parts),
        shed=sum(part.shed for part in parts),
        resent=sum(part.resent for part in parts),
        pauses=sum(part.pauses for part in parts),
        cpu_s=sum(part.cpu_s for part in parts),
        sent=sum(counts) if len(counts) == len(parts) else None,
        failures=tuple(failure for part in parts for failure in part.failures),
        stalls=_together([part.stalls for part in parts]),
    )
    return _put_together([_adopt(part, whole) for part in parts])


def _put_together(parts: Sequence[Samples]) -> Samples:
    """Parts of one recording, with its facts."""
    rows: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in samples.COLUMN_NAMES
    }
    timed = [part.timed for part in parts if part.timed is not None]
    gaps = concatenate([part.gaps for part in parts])
    return replace(parts[0], **rows, gaps=gaps, timed=np.concatenate(timed) if timed else None)


def _together(parts: Sequence[Stalls]) -> Stalls:
    """Of several processes: those that were late for longest, and waited for longest."""
    waits = [part.run_wait_s for part in parts if part.run_wait_s is not None]
    return Stalls(
        max((part.late_ns for part in parts), key=lambda late_ns: int(late_ns.sum())),
        max(waits, default=None),
        tuple(dict.fromkeys(name for part in parts for name in part.imported)),
    )


def _union(tables: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for table in tables for text in table))


def _renumber(numbers: NDArray[np.int64], old: tuple[str, ...], new: tuple[str, ...]) -> NDArray[np.int64]:
    if old == new:
        return numbers
    places: Mapping[str, int] = {text: number for number, text in enumerate(new)}
    return np.array([places[text] for text in old], dtype=np.int64)[numbers]
