"""Versions of the source: the working tree, and commits checked out beside it for as long as they are measured."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError


@dataclass(frozen=True, slots=True)
class Tree:
    """A version: the folder its app is imported from, and what to call it."""

    folder: Path
    said: str


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository around a folder; `prefix` is the way from its root to the folder."""

    root: Path
    prefix: str

    def commit(self, ref: str) -> str:
        """The commit that a ref names. Raises UsageError where there is none."""
        found = _git(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found is None:
            raise UsageError(
                f"'{ref}' names no commit here; is it fetched? (git fetch --unshallow, git fetch origin)"
            )
        return found

    @contextlib.contextmanager
    def checked_out(self, ref: str, place: Path) -> Iterator[Tree]:
        """A commit in a worktree at `place`, removed in every case."""
        commit = self.commit(ref)
        no_hooks = ("-c", "core.hooksPath=/dev/null")
        try:
            _must(self.root, *no_hooks, "worktree", "add", "--detach", "--quiet", str(place), commit)
            yield Tree(place / self.prefix, f"{ref} ({commit[:10]})" if ref != commit else commit[:10])
        finally:
            _git(self.root, "worktree", "remove", "--force", str(place))

    def working_tree(self, place: Path) -> Tree:
        """The files as they are now, by way of a link at `place`.

        Its path is as long as that of a worktree beside it: lengths decide where things lie in memory.
        """
        place.symlink_to(self.root)
        commit = _git(self.root, "rev-parse", "--short=10", "HEAD") or "no commit yet"
        changed = _git(self.root, "status", "--porcelain")
        state = "with uncommitted changes" if changed else "no uncommitted changes"
        return Tree(place / self.prefix, f"the working tree ({commit}, {state})")


def repository(folder: Path) -> Repository:
    """The repository around a folder. Raises UsageError outside of one."""
    root = _git(folder, "rev-parse", "--show-toplevel")
    if root is None:
        raise UsageError(f"{folder} is in no git repository, so there is no base to compare with")
    return Repository(Path(root), _git(folder, "rev-parse", "--show-prefix") or "")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git writes; None where it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise UsageError("git is not installed; on Debian: apt-get install git") from None
    return done.stdout.strip() if done.returncode == 0 else None


def _must(folder: Path, *arguments: str) -> None:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"git cannot check out the commit: {done.stderr.strip()}")
