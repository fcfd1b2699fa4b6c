"""The order for a process that counts or traces one version, and its result: two files of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal

Batches = Mapping[str, list[tuple[str, int]]]
"""By label of a request: the names of part files, and how many requests each holds."""


@dataclass(frozen=True)  # Python 3.9 knows neither slots nor kw_only
class CountingJob:
    """One version of the app under some scenarios.

    The process that `leads` chooses how many sessions make a block of each scenario and writes it into the file
    `agreed`; the others wait for that file. The app is `module:attribute`, or `module:factory()`. It runs in the folder
    `tree` of a version whose files begin at `root`, and is imported from the folders `imports`, then from what the
    environment names, then from the folders `last`; no module may come from the roots of other versions, `foreign`.
    Scenarios run in the folder `here`, with the package `scenarios` of the harness, whose own folder is `home`.
    Callgrind's part files are `<parts>.1`, `<parts>.2` ...
    """

    tree: Path
    root: Path
    here: Path
    home: Path
    imports: tuple[Path, ...]
    last: tuple[Path, ...]
    foreign: tuple[Path, ...]
    app: str
    interface: Literal["asgi", "wsgi"]
    lifespan: Literal["auto", "on", "off"]
    root_path: str
    loop: str
    scenarios: tuple[str, ...]
    scenarios_file: Path | None
    answer: Path
    parts: Path
    agreed: Path
    leads: bool

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=str))


@dataclass(frozen=True)
class CountingResult:
    """The number of part files, and by scenario its batches, or None where the app lacks an endpoint of it.

    `missing` says by scenario which endpoint that is; `borrowed` are files of other versions that were imported because
    this version has no file of that name.
    """

    parts: int
    batches: Mapping[str, Batches | None]
    missing: Mapping[str, str]
    borrowed: Sequence[str] = ()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


def read_job(path: Path) -> CountingJob:
    """Read the file of `CountingJob.write`."""
    fields = json.loads(path.read_text())
    for key in ("tree", "root", "here", "home", "answer", "parts", "agreed"):
        fields[key] = Path(fields[key])
    for key in ("imports", "last", "foreign"):
        fields[key] = tuple(map(Path, fields[key]))
    fields["scenarios"] = tuple(fields["scenarios"])
    fields["scenarios_file"] = fields["scenarios_file"] and Path(fields["scenarios_file"])
    return CountingJob(**fields)


def read_result(path: Path) -> CountingResult:
    """Read the file of `CountingResult.write`."""
    return CountingResult(**json.loads(path.read_text()))


def write_sessions(sessions: Mapping[str, int], path: Path) -> None:
    """Write how many sessions make a block, by scenario; the file appears only once it is complete."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(sessions))
    draft.rename(path)


def read_sessions(path: Path) -> dict[str, int]:
    """Read the file of `write_sessions`."""
    sessions: dict[str, int] = json.loads(path.read_text())
    return sessions
