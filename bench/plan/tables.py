"""Tables of a TOML file, and the words in which a message names them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.plan.env_file import read_env_file
from bench.plan.setup_rules import with_absolute_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlTables:
    """The tables of one kind in a file, by name.

    Messages call the file `title`. Relative paths in the tables start from `folder`. `prefix` stands before a name in
    the file, as in `[setups.NAME]`.
    """

    title: str
    folder: Path
    tables: Mapping[str, dict[str, Any]]
    prefix: str = ""

    def where(self, name: str) -> str:
        """A table as messages name it: file and table."""
        return f"{self.title}: [{self.prefix}{name}]"


def read_toml(path: Path, title: str) -> dict[str, Any]:
    """The contents of a file that messages call `title`. Raises UsageError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{title}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{title}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{title}: not valid TOML: {error}") from None


def read_tables(path: Path) -> TomlTables:
    """A file that holds tables of one kind alone. Raises UsageError."""
    content = read_toml(path, str(path))
    for name, table in content.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: '{name}' stands outside of any table; write [name] above it")
    return TomlTables(title=str(path), folder=path.parent, tables=content)


def merge(beneath: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of two tables of a setup; those above win, and their environments are merged."""
    merged = {**beneath, **above}
    if isinstance(beneath.get("env"), dict) and isinstance(above.get("env"), dict):
        merged["env"] = {**beneath["env"], **above["env"]}
    return merged


def localize(file: TomlTables, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """A table of a setup whose paths no longer depend on the file's folder, and whose env_file was read.

    Raises UsageError for an env_file that cannot be read.
    """
    made = with_absolute_paths(table, file.folder)
    if "env_file" in made:
        where, path = f"{file.where(name)} env_file", made.pop("env_file")
        if not isinstance(path, str):
            raise UsageError(f"{where}: {path!r} is not the name of a file")
        made = merge({"env": read_env_file(where, file.folder / path)}, made)
    return made
