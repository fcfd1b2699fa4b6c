"""Git, which this module alone runs: commits, the state of a source tree, and where a commit is shown on the web."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.errors import UsageError
from bench.model.commit import Commit

_SHOW = ("show", "--no-patch", "--format=%H%x00%s%x00%cI")
_STATE_WITHIN_S = 5.0
_UNTRACKED = "?? "
_OF_RUNS = ("run.json", "*/run.json", "*/history.jsonl")
_REMOTE = re.compile(
    r"(?:\w+://(?:[^@/]*@)?|(?:[^@/]*@))(?P<host>[^:/]+)(?::\d+)?[:/](?P<path>.+?)(?:\.git)?/?"
)


def run(
    folder: Path,
    *arguments: str,
    given: bytes | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, without hooks; `env` adds to our environment, `given` is its standard input.

    Raises UsageError where git is missing, subprocess.TimeoutExpired where it takes longer than `timeout_s`.
    """
    command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command,
            input=given,
            env={**os.environ, **(env or {})},
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed; on Debian: apt-get install git") from None


def output(
    folder: Path, *arguments: str, given: bytes | None = None, timeout_s: float | None = None
) -> bytes | None:
    """The output of git in a folder, byte for byte; None where git fails. Raises as `run` does."""
    done = run(folder, *arguments, given=given, timeout_s=timeout_s)
    return done.stdout if done.returncode == 0 else None


def text(folder: Path, *arguments: str, timeout_s: float | None = None) -> str | None:
    """The output of git as text, without its last line end; None where git fails. Raises as `run` does."""
    written = output(folder, *arguments, timeout_s=timeout_s)
    return None if written is None else written.decode(errors="replace").rstrip("\n")


def names(folder: Path, *arguments: str) -> str | None:
    """`text` for output that holds file names, which need not be UTF-8: decoded as `os.fsdecode` does."""
    written = output(folder, *arguments)
    return None if written is None else written.decode(errors="surrogateescape").rstrip("\n")


def root(folder: Path, needed: str = "a history goes by commits") -> Path:
    """The top of the repository around a folder. Raises UsageError, with git's own words, where git shows none.

    `needed` says why there must be one.
    """
    done = run(folder, "rev-parse", "--show-toplevel", env={"LC_ALL": "C"})
    if done.returncode == 0:
        return Path(os.fsdecode(done.stdout).rstrip("\n"))
    words = refusal(done)
    if "not a git repository" in words:
        raise UsageError(f"{folder} is in no git repository, and {needed} (git: {words})")
    raise UsageError(f"git refuses to work in {folder}, and {needed}; git says:\n{words}")


def refusal(done: subprocess.CompletedProcess[bytes]) -> str:
    """Git's own words for why it failed."""
    return done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")


def commit(folder: Path, ref: str) -> Commit | None:
    """The commit that a ref names in the repository around a folder; None where it names none."""
    shown = text(folder, *_SHOW, "--end-of-options", f"{ref}^{{commit}}")
    if shown is None:
        return None
    full_hash, subject, date = shown.split("\0")
    return Commit(full_hash, subject, date)


def state(folder: Path) -> dict[str, object] | None:
    """The commit of the source in a folder, and whether it holds changes: `commit` and `dirty`.

    None outside of a repository, without git, and where git takes longer than 5 s for the commit. Changes that it
    takes longer to find are not noticed.
    """
    try:
        head = text(folder, "rev-parse", "HEAD", timeout_s=_STATE_WITHIN_S)
        if not head:
            return None
    except (UsageError, OSError, subprocess.SubprocessError):
        return None
    changed = False
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        changed = is_dirty(folder, timeout_s=_STATE_WITHIN_S)
    return {"commit": head, "dirty": changed}


def state_around(file: Path) -> dict[str, object] | None:
    """`state` of the repository that tracks a file; None where the file only lies in one, as installed packages do."""
    with contextlib.suppress(UsageError):
        if text(file.parent, "ls-files", "--error-unmatch", "--", file.name) is not None:
            return state(file.parent)
    return None


def is_dirty(folder: Path, timeout_s: float | None = None) -> bool:
    """Whether the repository around a folder holds changes that no commit has; runs and histories of ours are none.

    Raises as `run` does.
    """
    listed = output(folder, "status", "--porcelain", "-z", timeout_s=timeout_s)
    entries = [os.fsdecode(entry) for entry in (listed or b"").split(b"\0") if entry]
    if not all(entry.startswith(_UNTRACKED) for entry in entries):
        return True
    return bool(entries) and not all(
        _holds_runs(root(folder) / entry[len(_UNTRACKED) :]) for entry in entries
    )


def _holds_runs(place: Path) -> bool:
    """Whether a folder is a run, or keeps runs or histories."""
    return any(next(place.glob(pattern), None) for pattern in _OF_RUNS)


def commit_url(folder: Path) -> str | None:
    """The URL at which `origin` shows a commit, with the placeholder `{commit}`; None where it cannot be guessed."""
    return guess_url(text(folder, "remote", "get-url", "origin") or "")


def guess_url(remote: str) -> str | None:
    """The URL of a commit, with the placeholder `{commit}`, for the address of a remote at GitHub or GitLab."""
    found = _REMOTE.fullmatch(remote)
    if found is None:
        return None
    host, path = found["host"].lower(), found["path"].strip("/")
    if "github" in host:
        return f"https://{host}/{path}/commit/{{commit}}"
    return f"https://{host}/{path}/-/commit/{{commit}}" if "gitlab" in host else None
