"""What git knows: commits, where they are shown on the web, and branches."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bench.errors import UsageError
from bench.model.commit import Commit

_FORMAT = "%H%x00%s%x00%cI"
_REMOTE = re.compile(
    r"(?:\w+://(?:[^@/]*@)?|(?:[^@/]*@))(?P<host>[^:/]+)(?::\d+)?[:/](?P<path>.+?)(?:\.git)?/?"
)


def output(folder: Path, *arguments: str, given: bytes | None = None) -> bytes | None:
    """What git writes in a folder, byte for byte; None where it fails. Raises UsageError where git is missing."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed; on Debian: apt-get install git") from None
    return done.stdout if done.returncode == 0 else None


def text(folder: Path, *arguments: str) -> str | None:
    """What git writes as one line or several, without the last end; None where it fails."""
    said = output(folder, *arguments)
    return None if said is None else said.decode(errors="replace").rstrip("\n")


def root(folder: Path) -> Path:
    """The top of the repository around a folder. Raises UsageError outside of one."""
    found = text(folder, "rev-parse", "--show-toplevel")
    if found is None:
        raise UsageError(f"{folder} is in no git repository, and a history goes by commits")
    return Path(found)


def commit(folder: Path, ref: str) -> Commit | None:
    """The commit that a ref names in the repository around a folder; None where it names none."""
    said = text(folder, "show", "--no-patch", f"--format={_FORMAT}", "--end-of-options", f"{ref}^{{commit}}")
    if said is None:
        return None
    found, subject, date = said.split("\0")
    return Commit(found, subject, date)


def is_dirty(folder: Path) -> bool:
    """Whether the repository around a folder holds changes that no commit has."""
    return bool(text(folder, "status", "--porcelain"))


def commit_url(folder: Path) -> str | None:
    """Where the remote `origin` shows a commit, with `{commit}` in its place; None where that cannot be guessed."""
    return guessed_url(text(folder, "remote", "get-url", "origin") or "")


def guessed_url(remote: str) -> str | None:
    """The same for a remote's address: known are hosts that are called after GitHub or GitLab."""
    found = _REMOTE.fullmatch(remote)
    if found is None:
        return None
    host, path = found["host"].lower(), found["path"].strip("/")
    if "github" in host:
        return f"https://{host}/{path}/commit/{{commit}}"
    return f"https://{host}/{path}/-/commit/{{commit}}" if "gitlab" in host else None
