"""What a measuring process is told to do, and what it says that it did: two files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Batches = Mapping[str, list[tuple[str, int]]]
"""By label of a request: the names of part files, and how many requests each holds."""


@dataclass(frozen=True, slots=True)
class Job:
    """One version of the app under some scenarios.

    How many sessions make a block of a scenario is for the process that `leads` to choose, and to write into the file
    `agreed`, for which others wait. The app is `module:attribute`, or `module:factory()`. It runs in the folder `tree`
    of a version whose files begin at `root`, and is found in the folders `imports`; no module may come from the roots
    that are `foreign`, those of other versions. Scenarios run in the folder `here`. Callgrind's part files are
    `<parts>.1`, `<parts>.2` ...
    """

    tree: Path
    root: Path
    here: Path
    imports: tuple[Path, ...]
    foreign: tuple[Path, ...]
    app: str
    loop: str
    scenarios: tuple[str, ...]
    scenarios_file: Path | None
    answer: Path
    parts: Path
    agreed: Path
    leads: bool

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=str))


@dataclass(frozen=True, slots=True)
class Answer:
    """How many part files there are, and by scenario the batches, or None where the app has it not.

    `missing` says what was not found; `borrowed` are files of other versions that were imported because this one has
    none of the name.
    """

    parts: int
    batches: Mapping[str, Batches | None]
    missing: Mapping[str, str]
    borrowed: Sequence[str] = ()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


def read_job(path: Path) -> Job:
    """Read what `Job.write` wrote."""
    said = json.loads(path.read_text())
    for key in ("tree", "root", "here", "answer", "parts", "agreed"):
        said[key] = Path(said[key])
    for key in ("imports", "foreign"):
        said[key] = tuple(map(Path, said[key]))
    said["scenarios"] = tuple(said["scenarios"])
    said["scenarios_file"] = said["scenarios_file"] and Path(said["scenarios_file"])
    return Job(**said)


def read_answer(path: Path) -> Answer:
    """Read what `Answer.write` wrote."""
    return Answer(**json.loads(path.read_text()))


def write_sessions(sessions: Mapping[str, int], path: Path) -> None:
    """How many sessions make a block, by scenario; the file is there only once it is whole."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(sessions))
    draft.rename(path)


def read_sessions(path: Path) -> dict[str, int]:
    """Read what `write_sessions` wrote."""
    sessions: dict[str, int] = json.loads(path.read_text())
    return sessions
