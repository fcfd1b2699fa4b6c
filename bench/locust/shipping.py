"""Sample files on their way from a worker on another machine to the master's spool, by Locust's own channel.

Files go in chunks of which a few are on their way at a time: a worker that is busy sending would seem to be gone.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gevent.event import Event

from bench.locust import messages
from bench.locust.clocks import ClockShift
from bench.model.retiming import retime
from bench.model.samples import count_rows

MOST_ROWS = 1_000_000
"""Of a worker, that are sent one by one: 48 MB, half a second's at a gigabit per second, 40 s' at ten megabits."""
SAMPLES = ".samples"
_CHUNK_BYTES = 128 * 1024
_UNDER_WAY = 4
_PATIENCE_S = 15.0


class Sender:
    """A worker's side. `say` sends the master a message: its type and its data."""

    def __init__(self, say: Callable[[str, dict[str, Any]], None]) -> None:
        self._say = say
        self._under_way = 0
        self._moved = Event()

    def heard(self) -> None:
        """The master has a chunk."""
        self._under_way -= 1
        self._moved.set()

    def ship(self, files: Sequence[Path]) -> tuple[int, int]:
        """Send these sample files, whole or not at all; gives the rows that were sent and those that were not."""
        rows = sum(count_rows(path) for path in files)
        if rows > MOST_ROWS:
            return 0, rows
        self._under_way = 0
        for path in files:
            for part in sorted(path.parent.glob(f"{path.stem}.*")):
                for chunk in _chunks(part):
                    if not self._may_send():
                        return 0, rows
                    self._say(messages.ROWS, {messages.NAME: part.name, messages.DATA: chunk})
        return rows, 0

    def _may_send(self) -> bool:
        """Wait until few chunks are under way; False where the master does not listen any more."""
        until_s = time.monotonic() + _PATIENCE_S
        while self._under_way >= _UNDER_WAY:
            self._moved.clear()
            if time.monotonic() > until_s:
                return False
            self._moved.wait(_PATIENCE_S)
        self._under_way += 1
        return True


class Receiver:
    """The master's side: files gather in a folder of their own, and go to the spool once all are there."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool

    def hear(self, number: int, data: dict[str, Any]) -> None:
        """A chunk of a file of the worker of this number."""
        folder, name = self._folder(number), data[messages.NAME]
        if Path(name).name != name or not name[:1].isalnum():
            raise ValueError(f"{name!r} is no name of a file")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("ab") as file:
            file.write(data[messages.DATA])

    def settle(self, number: int, shift: ClockShift) -> None:
        """Move a worker's files to the spool, their times by our clock: RUN-PROCESS becomes RUN-w2-PROCESS."""
        folder = self._folder(number)
        for path in sorted(folder.glob(f"*{SAMPLES}")):
            retime(path, shift.to_ours)
            for part in sorted(folder.glob(f"{path.stem}.*")):
                run, _, rest = part.name.partition("-")
                part.rename(self._spool / f"{run}-w{number}-{rest}")
        shutil.rmtree(folder, ignore_errors=True)

    def drop(self, number: int) -> None:
        """Forget the files of a worker that did not send all of them."""
        shutil.rmtree(self._folder(number), ignore_errors=True)

    def _folder(self, number: int) -> Path:
        return self._spool / f".w{number}"


def _chunks(path: Path) -> Iterator[bytes]:
    """A file in pieces; an empty one is a single piece."""
    with path.open("rb") as file:
        yield file.read(_CHUNK_BYTES)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
