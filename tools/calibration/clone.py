"""A clone of the project in which faults are committed, so that the gates meet them as they meet any other change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import GateError
from bench.system import git as system_git
from bench.system.revisions import Repository
from tools.calibration.faults import DOCUMENTED, Patch, change_documentation

_NOBODY = (
    *("-c", "user.name=calibration", "-c", "user.email=calibration@localhost", "-c", "commit.gpgsign=false"),
    *("-c", "advice.detachedHead=false"),
)


class Clone:
    """The project as it was committed last; `folder` is where its gates are run."""

    def __init__(self, folder: Path, base: str) -> None:
        self.folder = folder
        self.base = base

    def head(self, patches: Sequence[tuple[Patch, int]], words: int) -> str:
        """A commit on top of the base: other words, and these changes with the turns of their loops.

        The files are those of the base again afterwards. Raises GateError where a change does not fit.
        """
        for file in DOCUMENTED:
            self._write(file, change_documentation(self._read(file), words))
        for patch, turns in patches:
            self._write(patch.file, patch.apply(self._read(patch.file), turns))
        git(self.folder, "commit", "--quiet", "--all", "--message", "calibration: a head")
        commit = git(self.folder, "rev-parse", "HEAD")
        git(self.folder, "checkout", "--quiet", "--detach", self.base)
        return commit

    def _read(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")

    def _write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def clone_source(source: Repository, place: Path) -> Iterator[Clone]:
    """A clone of the last commit at `place`. Raises UsageError where there is none, GateError where git fails."""
    base = source.commit("HEAD")
    git(source.root, "clone", "--quiet", "--local", "--no-checkout", str(source.root), str(place))
    git(place, "checkout", "--quiet", "--detach", base)
    yield Clone(place / source.prefix, base)


def git(folder: Path, *arguments: str) -> str:
    """The output of git, which commits as nobody. Raises GateError where it fails."""
    done = system_git.run(folder, *_NOBODY, *arguments)
    if done.returncode:
        raise GateError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace").strip()
