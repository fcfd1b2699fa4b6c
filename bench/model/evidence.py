"""Evidence of errors: the first failed requests of each kind, as an engine saw them and as a record keeps them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench.model.secrets import mask_text, mask_value
from bench.model.sent_secrets import header_lines, sent_secrets

T = TypeVar("T")

BODY_CHARACTERS = 200
HEAD_CHARACTERS = 2000
MOST_KEPT = 60
"""Of a cell in one round."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STATUS = re.compile(rb"HTTP/[\d.]+ (\d{3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFailure:
    """A failed request as an engine saw it, secrets and all: what was sent, and the beginning of what came.

    `done_ns` is CLOCK_MONOTONIC. `head` is the header block of an answer, `body` what came after it; `status` is None
    where no answer began.
    """

    kind: str
    request: str
    done_ns: int
    sent: bytes
    status: int | None = None
    head: bytes = b""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRequest:
    """A failed request as a record keeps it: one of the first of its kind and name, without secrets.

    `at_s` is when it ended, counted from the start of the measured part. `sent` is the request line with the headers,
    `head` the status line with the headers of the answer, `body` the beginning of its body; `status` is None where no
    answer began. A `bystander`'s request was sent next to the load.
    """

    kind: str
    request: str
    at_s: float
    sent: str
    status: int | None
    head: str
    body: str
    bystander: bool = False


def answer_parts(came: bytes) -> tuple[int | None, bytes, bytes]:
    """Status, header block and body of bytes as they came, whole or not; bytes that are no answer are all body."""
    found = _STATUS.match(came)
    if found is None:
        return None, b"", came
    head, _, body = came.partition(b"\r\n\r\n")
    return int(found[1]), head, body


def write_failures(path: Path, failures: Iterable[SeenFailure]) -> None:
    """Write one line of JSON for each, bytes as Latin-1; no file without any."""
    lines = [json.dumps(asdict(one), default=_as_text) + "\n" for one in failures]
    if lines:
        path.write_text("".join(lines), encoding="utf-8")


def read_failures(path: Path) -> tuple[SeenFailure, ...]:
    """Read the file of `write_failures`; empty without one."""
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8").split("\n")
    return tuple(SeenFailure(**_with_bytes(json.loads(line))) for line in lines if line)


def failed_secrets(failures: Iterable[SeenFailure]) -> frozenset[str]:
    """The secrets that failed requests sent, or that their answers set."""
    return frozenset(secret for one in failures for secret in sent_secrets(one.sent, one.head))


def keep_failures(
    failures: Sequence[SeenFailure], start_ns: int, known: Iterable[str] = (), *, bystander: bool = False
) -> tuple[FailedRequest, ...]:
    """Failures as a record keeps them, in the order of time; further secrets that are masked are `known`.

    The measured part began at `start_ns`. Where there are very many, the first of each kind and name come first.
    """
    ordered = sorted(failures, key=lambda one: one.done_ns)
    secrets = (*known, *failed_secrets(ordered))
    chosen = pick_fairly(ordered, lambda one: (one.kind, one.request), MOST_KEPT)
    chosen.sort(key=lambda one: one.done_ns)
    return tuple(_keep(one, start_ns, secrets, bystander) for one in chosen)


def pick_fairly(items: Iterable[T], key: Callable[[T], Hashable], most: int) -> list[T]:
    """At most so many of the items, the first of each key before the second of any."""
    places: Counter[Hashable] = Counter()
    ranked = []
    for one in items:
        ranked.append((places[key(one)], one))
        places[key(one)] += 1
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])[:most]]


def _keep(one: SeenFailure, start_ns: int, secrets: Sequence[str], bystander: bool) -> FailedRequest:
    return FailedRequest(
        kind=one.kind,
        request=one.request,
        at_s=round((one.done_ns - start_ns) / 1e9, 3),
        sent=_cut(_mask_head(one.sent.partition(b"\r\n\r\n")[0], secrets), HEAD_CHARACTERS),
        status=one.status,
        head=_cut(_mask_head(one.head, secrets), HEAD_CHARACTERS),
        body=_cut(mask_text(_text(one.body), secrets), BODY_CHARACTERS),
        bystander=bystander,
    )


def _mask_head(block: bytes, secrets: Sequence[str]) -> str:
    """A request line or a status line with its headers; values whose names look secret are masked as a whole."""
    first = block.decode("latin-1").partition("\r\n")[0].strip()
    lines = [first, *(f"{name}: {mask_value(name, value)}" for name, value in header_lines(block) if name)]
    return mask_text("\n".join(_legible(line) for line in lines), secrets).strip()


def _text(body: bytes) -> str:
    return _legible(body.decode("utf-8", "replace"))


def _legible(words: str) -> str:
    """Words with a replacement character for each control character, which a terminal would obey."""
    return _CONTROL.sub("\ufffd", words.replace("\r\n", "\n"))


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[:most]}…"


def _as_text(value: object) -> str:
    assert isinstance(value, bytes)
    return value.decode("latin-1")


def _with_bytes(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {name: str(fields[name]).encode("latin-1") for name in ("sent", "head", "body")}
