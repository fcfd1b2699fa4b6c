"""Fresh environments, of a service and of the wheel as a user installs it as a tool; nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tools.wheel import LINKED, ROOT

NAME = "fastapi-bench"
_BUILD = "import sys, setuptools.build_meta as backend; print(backend.build_wheel(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment in a folder."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        (found,) = (self.folder / "lib").glob("python*/site-packages")
        return found

    def create(self) -> None:
        """Make it, without any package."""
        venv.EnvBuilder(symlinks=True).create(self.folder)

    def add(self, wheel: Path) -> None:
        """Install a wheel, without what it needs."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--force-reinstall"]
        subprocess.run([*pip, "install", *quiet, str(wheel)], check=True)

    def lend(self, requirements: Iterable[str]) -> None:
        """Link packages that are installed here into it, with all that they need."""
        for name in _closure(Requirement(one) for one in requirements):
            for file in {Path(path.parts[0]) for path in metadata.distribution(name).files or ()}:
                source, link = Path(sysconfig.get_path("purelib")) / file, self.packages / file
                if file.name not in ("..", "__pycache__") and not link.exists():
                    link.symlink_to(source)

    def lend_all(self) -> None:
        """Let it import every package that is installed here, the harness excepted."""
        (self.packages / "lent.pth").write_text(sysconfig.get_path("purelib"))

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command where the variables of the shell name no interpreter."""
        env = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=280, check=False
        )


@dataclass(frozen=True, slots=True)
class Tool(Environment):
    """An environment that holds the harness."""

    @property
    def program(self) -> Path:
        return self.folder / "bin" / "bench"

    def bench(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command to its end."""
        return self.run(str(self.program), *arguments, cwd=cwd)

    def lend_needs(self, *extras: str) -> None:
        """Link into it what the wheel itself says that it needs, with some of its extras."""
        (own,) = metadata.distributions(name=NAME, path=[str(self.packages)])
        self.lend(map(str, _needs(own, extras)))


def installed(wheel: Path, folder: Path) -> Tool:
    """A new environment with the wheel, and without any package that it needs."""
    tool = Tool(folder)
    tool.create()
    tool.add(wheel)
    return tool


def build_harness(folder: Path) -> Path:
    """The wheel of this work tree, in a folder, built from a copy that keeps the tree clean."""
    copy = folder / "source"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "locustfile.py"):
        shutil.copy(ROOT / name, copy / name)
    for name in (*LINKED, "tools", "tests"):
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
            )
    return build(copy, folder)


def build(source: Path, folder: Path) -> Path:
    """The wheel of a project, in a folder, built by setuptools without a network."""
    command = [sys.executable, "-c", _BUILD, str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def _closure(requirements: Iterable[Requirement]) -> set[str]:
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        if (one := waiting.pop()).name not in found:
            found.add(one.name)
            waiting += _needs(metadata.distribution(one.name), one.extras)
    return found


def _needs(distribution: metadata.Distribution, extras: Iterable[str] = ()) -> list[Requirement]:
    """What a package needs here, with extras of it."""
    needs = map(Requirement, distribution.requires or ())
    wanted = [{"extra": extra} for extra in ("", *extras)]
    return [one for one in needs if one.marker is None or any(map(one.marker.evaluate, wanted))]
