"""The wheel in a fresh environment, as a user installs it as a tool; nothing is downloaded."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

NAME = "fastapi-bench"


@dataclass(frozen=True, slots=True)
class Tool:
    """An environment that holds the wheel."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def program(self) -> Path:
        return self.folder / "bin" / "bench"

    @property
    def packages(self) -> Path:
        (found,) = (self.folder / "lib").glob("python*/site-packages")
        return found

    def bench(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command to its end."""
        return self.run(str(self.program), *arguments, cwd=cwd)

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in an environment that names no other interpreter."""
        env = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=280, check=False
        )


def install(wheel: Path, folder: Path) -> Tool:
    """A new environment with the wheel, and without any package that it needs."""
    venv.EnvBuilder(symlinks=True).create(folder)
    tool = Tool(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(tool.python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    return tool


def lend_all(tool: Tool) -> None:
    """Let an environment import every package that is installed here, the harness excepted."""
    (tool.packages / "lent.pth").write_text(sysconfig.get_path("purelib"))


def lend(tool: Tool, *extras: str) -> None:
    """Link into an environment what the wheel itself says that it needs, with the needs of that."""
    (own,) = metadata.distributions(name=NAME, path=[str(tool.packages)])
    for name in _closure(_names(own, extras)):
        for file in {Path(path.parts[0]) for path in metadata.distribution(name).files or ()}:
            source, link = Path(sysconfig.get_path("purelib")) / file, tool.packages / file
            if file.name not in ("..", "__pycache__") and not link.exists():
                link.symlink_to(source)


def _closure(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += _names(metadata.distribution(name))
    return found


def _names(distribution: metadata.Distribution, extras: Iterable[str] = ()) -> list[str]:
    """The packages that one needs here, with extras of it."""
    needs = map(Requirement, distribution.requires or ())
    wanted = [{"extra": extra} for extra in ("", *extras)]
    return [one.name for one in needs if one.marker is None or any(map(one.marker.evaluate, wanted))]
