"""The options about a service that every command with a server has, declared once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from bench.cli._options import option, seconds
from bench.errors import UsageError
from bench.plan.env_file import parse_assignment, read_env_file
from bench.plan.project import check_app
from bench.plan.setup_rules import absolute_path, is_path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """The options about a service; one that is not given is None and leaves what the setup says."""

    app: Annotated[str | None, option("Serve this app: module:attribute, or module:factory().", "APP")] = None
    app_dir: Annotated[str | None, option("Folder that the app is imported from.", "FOLDER")] = None
    env: Annotated[list[str] | None, option("Variable of the app; repeatable.", "NAME=VALUE")] = None
    env_file: Annotated[Path | None, option("File of such variables, as .env; --env wins.", "FILE")] = None
    health: Annotated[str | None, option("Path that answers 200 once the app is ready.", "PATH")] = None
    ready_within: Annotated[float | None, seconds("Time that the app may take to be ready.", 0.1)] = None
    python: Annotated[
        str | None, option("Interpreter of the app: a path, or a version such as 3.13.", "PYTHON")
    ] = None

    def keys(self) -> dict[str, Any]:
        """The options given, as keys of a setup; folders are absolute.

        Raises UsageError, which names the option, for a mistake.
        """
        if self.app is not None:
            check_app("--app", self.app)
        if self.health is not None and not self.health.startswith("/"):
            raise UsageError(f"--health {self.health}: is not a path; it must begin with /")
        given = {
            "app": self.app,
            "app_dir": self.app_dir and os.path.abspath(self.app_dir),
            "health": self.health,
            "ready_within_s": self.ready_within,
            "python": self._interpreter(),
            "env": self._variables() or None,
        }
        return {key: value for key, value in given.items() if value is not None}

    def _interpreter(self) -> str | None:
        """A path starts from the folder where it is typed."""
        if self.python is None or not is_path(self.python):
            return self.python
        return absolute_path(self.python, Path.cwd())

    def _variables(self) -> dict[str, str]:
        read = {} if self.env_file is None else read_env_file("--env-file", self.env_file)
        return read | dict(parse_assignment("--env", one) for one in self.env or [])
