"""The errors of a run by kind: how many, of which requests, the first of them, and the logs of their servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.model.evidence import FailedRequest, pick_fairly
from bench.model.record import Record
from bench.stats.format import join_words

_MOST_SHOWN = 10
_MOST_NAMED = 3
_WORDS = 100


@dataclass(frozen=True, slots=True)
class ErrorExample:
    """A failed request and the record that keeps it."""

    record: Record
    failed: FailedRequest

    @property
    def where(self) -> str:
        """`uvicorn / shopping / native / 32 users, round 1, at 0.310 s`"""
        before = " (before the measured part)" if self.failed.at_s < 0 else ""
        next_to = ", bystander" if self.failed.bystander else ""
        cell = self.record.cell
        return f"{cell.label}, round {cell.repeat + 1}{next_to}, at {self.failed.at_s:.3f} s{before}"

    @property
    def answer(self) -> str:
        """Status line, headers and the beginning of the body; a remark where nothing came."""
        parts = (self.failed.head, self.failed.body)
        return "\n\n".join(part for part in parts if part) or "(nothing came)"


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """The errors of one kind: how many in all measured parts, by the name of the request, and the first of them.

    Records of before have no names and no examples. `more` examples are in the records besides.
    """

    kind: str
    count: int
    by_request: Counter[str]
    examples: tuple[ErrorExample, ...]
    more: int = 0

    @property
    def title(self) -> str:
        """`status-500: 1,204 requests of GET /items, POST /cart`"""
        names = [name for name, _ in self.by_request.most_common()] or list(
            dict.fromkeys(one.failed.request for one in self.examples)
        )
        named = names[:_MOST_NAMED] + (
            [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
        )
        requests = f"{self.count:,} request{'' if self.count == 1 else 's'}"
        of = f" of {join_words(named)}" if named else ""
        return f"{self.kind}: {requests if self.count else 'none in a measured part,'}{of}"


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The end of the log of the first server of a setup that had errors."""

    setup: str
    repeat: int
    text: str


def error_kinds(records: Sequence[Record]) -> tuple[ErrorKind, ...]:
    """The errors of a run by kind, the most frequent first."""
    counts: Counter[str] = Counter()
    names: dict[str, Counter[str]] = {}
    for record in records:
        counts.update(record.summary.errors_by_kind)
        for name, one in record.summary.by_request.items():
            for kind, count in one.errors_by_kind.items():
                names.setdefault(kind, Counter())[name] += count
    examples: dict[str, list[ErrorExample]] = {}
    for record in records:
        for failed in record.failed:
            examples.setdefault(failed.kind, []).append(ErrorExample(record, failed))
    kinds = dict.fromkeys([*(kind for kind, _ in counts.most_common()), *examples])
    return tuple(_kind(kind, counts[kind], names.get(kind), examples.get(kind, [])) for kind in kinds)


def error_lines(records: Sequence[Record]) -> Iterator[str]:
    """A line for each kind: how many, and the first of them."""
    for one in error_kinds(records):
        first = one.examples[0] if one.examples else None
        said = f"; the first in {first.where}: {_in_short(first)}" if first else ""
        yield f"{one.title}{said}"


def log_ends(records: Iterable[Record]) -> tuple[LogEnd, ...]:
    """The end of the log of the first server of each setup that had errors and wrote anything."""
    found: dict[str, LogEnd] = {}
    for record in records:
        if record.server_log:
            found.setdefault(
                record.cell.setup, LogEnd(record.cell.setup, record.cell.repeat, record.server_log)
            )
    return tuple(found.values())


def _kind(kind: str, count: int, names: Counter[str] | None, examples: Sequence[ErrorExample]) -> ErrorKind:
    """With few of many examples: one of each cell and request before the second of any."""
    shown = tuple(pick_fairly(examples, lambda one: (one.record.cell.key, one.failed.request), _MOST_SHOWN))
    return ErrorKind(kind, count, names or Counter(), shown, len(examples) - len(shown))


def _in_short(one: ErrorExample) -> str:
    """`HTTP/1.1 500 Internal Server Error, {"detail": ...`"""
    failed = one.failed
    status = failed.head.partition("\n")[0]
    words = ", ".join(part for part in (status, " ".join(failed.body.split())) if part) or "nothing came"
    return words if len(words) <= _WORDS else f"{words[:_WORDS]}…"
