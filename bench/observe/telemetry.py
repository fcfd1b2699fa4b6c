"""What the workers of a server wrote of themselves: the files of target_app/probe.py, or of any app like it."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bench.errors import EngineError
from bench.model.readings import Pulse

PROBE_DIR = "APP_PROBE_DIR"
"""The setting of an app that tells it to write how it fares, and where."""

_PULSE = TypeAdapter(Pulse)


def writers(folder: Path) -> set[int]:
    """The workers that write here: those that have started."""
    return {int(path.stem) for path in _files(folder)}


def pulses(folder: Path) -> dict[int, tuple[Pulse, ...]]:
    """The lines of each `<pid>.jsonl`, in order; empty without the folder. A last line that was cut off is left out.

    Raises EngineError for a line that is no pulse.
    """
    return {int(path.stem): _pulses(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.jsonl") if path.stem.isdecimal()]


def _pulses(path: Path) -> tuple[Pulse, ...]:
    whole = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    try:
        return tuple(map(_PULSE.validate_json, whole))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "a line"
        raise EngineError(f"the probe's {path.name}: {place}: {first['msg']}") from None
