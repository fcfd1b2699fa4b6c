"""Worktrees of ours in a user's repository: removed in every case, by the next start where a process was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from bench.errors import UsageError
from bench.system import git
from bench.system.processes import FOLDER_PREFIX

_MARK = "fastapi-bench"
"""The first word of the reason for which our worktrees are locked; then come the host, the pid and its start."""

_ADD = ("worktree", "add", "--detach", "--quiet")
_LOCK = ("worktree", "lock", "--reason")
_REMOVE = ("worktree", "remove", "--force", "--force")
"""With force twice, as it is locked."""


@contextlib.contextmanager
def worktree(root: Path, place: Path, commit: str, *options: str) -> Iterator[None]:
    """A worktree at `place`, removed in every case. Raises UsageError where git refuses."""
    try:
        check_out(root, *_ADD, *options, str(place), commit)
        git.run(root, *_LOCK, _owner(os.getpid()), str(place))
        yield
    finally:
        _remove(root, place)


def remove_left_over(root: Path) -> None:
    """Remove the worktrees that processes of ours left in this repository when they were killed."""
    for path, reason in _list(root):
        if not _is_left_over(path, reason):
            continue
        if path.parent.name.startswith(FOLDER_PREFIX):
            shutil.rmtree(path.parent, ignore_errors=True)
        _remove(root, path)


def check_out(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
    """Let git write files of a commit. Raises UsageError, with git's own sentence, where it refuses."""
    done = git.run(folder, *arguments, env=env)
    if done.returncode:
        raise UsageError(f"git cannot check out the commit: {done.stderr.decode(errors='replace').strip()}")


def _remove(root: Path, place: Path) -> None:
    git.run(root, *_REMOVE, str(place))


def _list(root: Path) -> Iterator[tuple[Path, str]]:
    """The worktrees besides the repository's own, each with the reason for which it is locked."""
    blocks = (git.names(root, "worktree", "list", "--porcelain") or "").split("\n\n")
    for block in blocks[1:]:
        lines = dict(line.partition(" ")[::2] for line in block.splitlines())
        if "worktree" in lines:
            yield Path(lines["worktree"]), lines.get("locked", "")


def _is_left_over(path: Path, reason: str) -> bool:
    """Whether it is of a process of ours that has ended; one that was killed at once had not locked it yet."""
    mark, _, owner = reason.partition(" ")
    if mark == _MARK:
        host, _, pid = owner.partition(" ")
        return host == socket.gethostname() and _owner(int(pid.partition(" ")[0])) != reason
    return not reason and path.parent.name.startswith(FOLDER_PREFIX) and not path.exists()


def _owner(pid: int) -> str:
    """Names a process, and no other that gets its pid later; a process that is gone has no start."""
    try:
        start = f"{psutil.Process(pid).create_time():.0f}"
    except psutil.Error:
        start = ""
    return f"{_MARK} {socket.gethostname()} {pid} {start}"
