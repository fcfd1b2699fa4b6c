"""Keeps the first failed requests of each kind and name, for who asks why; right answers never come here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Protocol

from bench.model.evidence import SeenFailure, answer_parts, write_failures
from bench.model.samples import FAILURES_SUFFIX
from scenarios.model import Request, Response

_MOST_OF_A_KEY, _MOST_KEYS = 3, 100
_MOST_BYTES = 10_000
"""Of each part: more than is shown, as a secret that was cut in two would not be known."""


class SentRequest(Protocol):
    """A request with its bytes as they were sent."""

    @property
    def request(self) -> Request: ...

    @property
    def wire(self) -> bytes: ...


class Evidence:
    """The first failures of one engine process, at most three of each kind and name; written next to its samples."""

    def __init__(self, samples: Path) -> None:
        self._path = samples.with_suffix(FAILURES_SUFFIX)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._kept: list[SeenFailure] = []

    def keep(
        self,
        kind: str,
        sent: SentRequest,
        done_ns: int,
        answer: Response | bytes | bytearray = b"",
        *,
        name: str = "",
    ) -> None:
        """Keep a failed request with its answer, or with the bytes that came of one, unless there are enough.

        It goes by its own label where it is given no other `name`.
        """
        request = name or sent.request.label
        if self._has_room(kind, request):
            status, head, body = _parts(answer)
            self._counts[kind, request] += 1
            self._kept.append(
                SeenFailure(
                    kind=kind,
                    request=request,
                    done_ns=done_ns,
                    sent=bytes(sent.wire[:_MOST_BYTES]),
                    status=status,
                    head=bytes(head[:_MOST_BYTES]),
                    body=bytes(body[:_MOST_BYTES]),
                )
            )

    @property
    def kept(self) -> tuple[SeenFailure, ...]:
        """The failures so far, in the order in which they came."""
        return tuple(self._kept)

    def write(self) -> None:
        """Write what was kept; no file without any."""
        write_failures(self._path, self._kept)

    def _has_room(self, kind: str, request: str) -> bool:
        key = (kind, request)
        count = self._counts.get(key)
        if count is None:
            return len(self._counts) < _MOST_KEYS
        return count < _MOST_OF_A_KEY


def _parts(answer: Response | bytes | bytearray) -> tuple[int | None, bytes, bytes]:
    if isinstance(answer, Response):
        return answer.status, answer.head, answer.body
    return answer_parts(bytes(answer[: 2 * _MOST_BYTES]))
