"""A git repository with two commits, away from the user's own configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")


def made(folder: Path) -> Path:
    """A repository in a new folder, whose commits are `first` and `second`."""
    root = folder / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    for day, subject in ((1, "first"), (2, "second")):
        (root / "app.py").write_text(subject)
        git(root, "add", "app.py")
        commit(root, subject, f"2026-11-0{day}T10:00:00+01:00")
    return root


def commit(root: Path, subject: str, date: str) -> None:
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    git(root, *_IDENTITY, "commit", "--quiet", "--message", subject, env={**os.environ, **dates})


def git(root: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.strip()
