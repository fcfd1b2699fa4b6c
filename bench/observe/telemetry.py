"""Telemetry: what the workers of a server report from inside, in files as target_app/probe.py writes them."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bench.errors import EngineError
from bench.model.readings import Telemetry
from bench.system import jsonl

TELEMETRY_DIR = "APP_PROBE_DIR"
"""The setting of an app that names the folder for its telemetry."""

_TELEMETRY = TypeAdapter(Telemetry)


def writers(folder: Path) -> set[int]:
    """The pids of the workers that write here: those that have started."""
    return {int(path.stem) for path in _files(folder)}


def read(folder: Path) -> dict[int, tuple[Telemetry, ...]]:
    """The telemetry of each worker by its pid, in order; empty without the folder.

    A last line that was cut off is left out. Raises EngineError for a line that is not telemetry.
    """
    return {int(path.stem): _read(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.jsonl") if path.stem.isdecimal()]


def _read(path: Path) -> tuple[Telemetry, ...]:
    lines, _ = jsonl.split(path.read_bytes())
    try:
        return tuple(map(_TELEMETRY.validate_json, lines))
    except ValidationError as error:
        raise EngineError(f"telemetry in {path.name}: {jsonl.reason(error)}") from None
