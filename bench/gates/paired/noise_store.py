"""The noise of this machine on disk: it holds for this machine, as long as it stays what it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from bench.gates.paired.noise import Noise, from_stored
from bench.model import machine
from bench.system import host

_FILE = "noise.json"


def store(noise: Noise, folder: Path) -> Path:
    """Write it down with what the machine is; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _FILE
    path.write_text(json.dumps({"machine": _machine(), "noise": asdict(noise)}, indent=2) + "\n")
    return path


def stored(folder: Path) -> Noise | None:
    """What was written down for this machine; None where nothing was, or for another one."""
    try:
        said = json.loads((folder / _FILE).read_text())
        return from_stored(said["noise"]) if said["machine"] == _machine() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _machine() -> dict[str, object]:
    known = host.fingerprint()
    return {name: known[name] for name in machine.OF_NOISE}
