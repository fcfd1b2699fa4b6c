"""Files of environment variables, such as `.env`, in the way of python-dotenv."""

from __future__ import annotations

import io
import re
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bench.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def read_env_file(where: str, path: Path) -> dict[str, str]:
    """The variables of a file; `${NAME}` in a value stands for another variable, of the file or of our environment.

    A name without a value is left out. Raises UsageError, which begins with `where`, for a file that cannot be read
    and for a line that is no assignment.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{where}: {path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: {path}: cannot be read: {error}") from None
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            raise UsageError(
                f"{where}: {path}: line {line.original.line} is no assignment such as NAME=value"
            )
    values = dotenv_values(stream=io.StringIO(text), encoding=None)
    return {name: value for name, value in values.items() if value is not None}


def parse_assignment(where: str, text: str) -> tuple[str, str]:
    """`NAME=value` as its two parts. Raises UsageError, which begins with `where`."""
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise UsageError(f"{where} {text}: write NAME=value")
    return name, value
