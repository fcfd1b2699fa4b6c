"""Text for a person: results on standard output, the rest on standard error; what looks like a secret is masked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.errors import UsageError
from bench.model.secrets import mask_text


def short_path(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def say(text: str) -> None:
    """Print a result."""
    print_file(f"{mask_text(text)}\n")


def print_file(text: str) -> None:
    """Print the text of a file as it is: for what holds no secret, and would not be the same with a mask in it."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:  # the reader left early, as in `| head`: go on without one
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Print progress, a warning or an error."""
    print(mask_text(text), file=sys.stderr, flush=True)


def write_file(path: Path, text: str) -> None:
    """Write a result to the file that the user named, line ends as they are. Raises UsageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
