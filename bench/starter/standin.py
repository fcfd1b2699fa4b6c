"""Stands in for the reader of configuration and for the finder of interpreters until they are here."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bench.errors import UsageError
from bench.model.plan import Setup

_SETUP = TypeAdapter(Setup)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python by its path, and in a few words why it is this one."""

    path: Path
    source: str


def find_interpreter(python: str, folder: Path) -> Interpreter:
    """The Python of a service in a folder: the one named, else $VIRTUAL_ENV, else `.venv` there, else the harness's."""
    if python:
        return Interpreter(folder / Path(python).expanduser(), f'python = "{python}"')
    for environment, source in (
        (os.environ.get("VIRTUAL_ENV"), "$VIRTUAL_ENV"),
        (".venv", ".venv of the folder"),
    ):
        if environment and (path := folder / environment / "bin" / "python").exists():
            return Interpreter(path, source)
    return Interpreter(Path(sys.executable), "the harness's own")


def parse_assignment(where: str, text: str) -> tuple[str, str]:
    """`NAME=value` as its two parts. Raises UsageError, which begins with `where`."""
    name, equals, value = text.partition("=")
    if not equals or not name.replace("_", "a").isalnum():
        raise UsageError(f"{where} {text}: write NAME=value")
    return name, value


def read_env_file(where: str, path: Path) -> dict[str, str]:
    """The variables of a file. Raises UsageError for a file that cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{where}: {path}: cannot be read: {error.strerror}") from None
    kept = (
        line.removeprefix("export ").strip() for line in lines if "=" in line and not line.startswith("#")
    )
    return {
        name.strip(): value.strip().strip("\"'") for name, _, value in (line.partition("=") for line in kept)
    }


def written_setups(folder: Path) -> dict[str, Setup]:
    """The setups of the bench.toml of a folder, as far as this version of Setup knows their keys."""
    content = tomllib.loads((folder / "bench.toml").read_text(encoding="utf-8"))
    return {name: _setup(name, content["service"], table) for name, table in content["setups"].items()}


def _setup(name: str, service: Mapping[str, Any], table: Mapping[str, Any]) -> Setup:
    keys = {**service, **table, "name": name}
    env = {**keys.get("env", {})}
    if "env_file" in keys:
        env = {**read_env_file("env_file", Path(keys["env_file"])), **env}
    if "app_dir" in keys:
        env["PYTHONPATH"] = keys["app_dir"]
    known = {each.name for each in fields(Setup)}
    return _SETUP.validate_python({key: each for key, each in {**keys, "env": env}.items() if key in known})
