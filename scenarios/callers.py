"""Whoever calls this package: the user's own code, its place, and the folder of its file."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

_OURS = Path(__file__).parent
_GENERATED = "<string>"  # the `__init__` of a dataclass


def caller() -> FrameType | None:
    """The innermost call that is not of this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (_is_ours(frame) or frame.f_code.co_filename == _GENERATED):
        frame = frame.f_back
    return frame


def beside_caller(path: str | Path) -> Path:
    """A path that starts from the folder of the caller's file, as a file of data next to the scenarios does."""
    frame = caller()
    file = None if frame is None else frame.f_globals.get("__file__")
    return (Path(file).parent if file else Path()) / path


def _is_ours(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).parent == _OURS
