"""A truth server's own log, request by request. Standard library only."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_COLUMNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Columns with one entry a request, in the order of arrival; times are nanoseconds of CLOCK_MONOTONIC.

    `due_ns` is when the reply was to leave and `answered_ns` when its last byte, or the end of the connection, left; 0
    where it never did. `kinds` are those of `behaviours.Kind`, `connections` numbers from 0. `freezes` are the spans in
    which the server was not to answer, `stalls` those in which the machine held its process up.
    """

    arrived_ns: Sequence[int]
    due_ns: Sequence[int]
    answered_ns: Sequence[int]
    kinds: Sequence[str]
    connections: Sequence[int]
    freezes: tuple[tuple[int, int], ...] = ()
    stalls: tuple[tuple[int, int], ...] = ()


class LogWriter:
    """Collects entries in memory, so that writing them disturbs nothing, and writes them out once."""

    def __init__(self) -> None:
        self._rows = array("q")
        self._kinds: dict[str, int] = {}
        self.stalls: list[tuple[int, int]] = []

    def note_arrival(self, arrived_ns: int, due_ns: int, kind: str, connection: int) -> int:
        """Note a request; returns its place, for `note_reply`."""
        place = len(self._rows)
        number = self._kinds.setdefault(kind, len(self._kinds))
        self._rows.extend((arrived_ns, due_ns, 0, number, connection))
        return place

    def note_reply(self, place: int, at_ns: int) -> None:
        """Note when the last byte of a reply left."""
        self._rows[place + 2] = at_ns

    def write(self, path: Path, freezes: Sequence[tuple[int, int]] = ()) -> None:
        """Write the rows to `path`, and their kinds, the freezes and the stalls to a JSON file next to it."""
        with path.open("wb") as file:
            self._rows.tofile(file)
        about = {"kinds": list(self._kinds), "freezes": freezes, "stalls": self.stalls}
        path.with_suffix(".json").write_text(json.dumps(about))


def read_log(path: Path) -> Log:
    """Read what `LogWriter.write` wrote."""
    about = json.loads(path.with_suffix(".json").read_text())
    rows = array("q")
    rows.frombytes(path.read_bytes())
    arrived, due, answered, kinds, connections = (rows[column::_COLUMNS] for column in range(_COLUMNS))
    return Log(
        arrived_ns=arrived,
        due_ns=due,
        answered_ns=answered,
        kinds=[about["kinds"][number] for number in kinds],
        connections=connections,
        freezes=tuple((begin, end) for begin, end in about["freezes"]),
        stalls=tuple((begin, end) for begin, end in about["stalls"]),
    )
