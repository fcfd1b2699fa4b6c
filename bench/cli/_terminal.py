"""What a person reads: results on standard output, the rest on standard error."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def shown(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def say(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader has seen enough, as in `| head`: go on, unheard
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
