"""The two places for a history: a file in a folder, or one on a git branch that nobody has checked out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError, UsageError
from bench.history import lines
from bench.history.entry import Entry
from bench.system import git, jsonl

FILE = "history.jsonl"
_TRIES = 20
_US = {"name": "fastapi-bench", "email": "fastapi-bench@localhost"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that holds the file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path / FILE)

    def read(self) -> lines.Kept:
        """Read the history. Raises UsageError where there is none."""
        try:
            return lines.read((self.path / FILE).read_bytes(), self.name)
        except FileNotFoundError:
            raise UsageError(
                f"{self.name}: there is no history; `bench history add RUN` begins one"
            ) from None
        except OSError as error:
            raise UsageError(f"{self.name}: cannot be read: {error.strerror}") from None

    def add(self, entry: Entry) -> None:
        """Append a line; whoever else adds at the same time waits. Raises UsageError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            jsonl.append_to_whole(
                self.path / FILE, lines.line(entry), lambda content: lines.whole(content, self.name)
            )
        except OSError as error:
            raise UsageError(f"{self.name}: cannot be written: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the repository `root` with the file at its top; neither work tree nor index are touched."""

    root: Path
    branch: str

    def __post_init__(self) -> None:
        if git.text(self.root, "check-ref-format", "--branch", self.branch) != self.branch:
            raise UsageError(f"--branch {self.branch}: no name that git allows a branch to have")

    @property
    def name(self) -> str:
        return f"{self.branch}:{FILE}"

    def read(self) -> lines.Kept:
        """Read the history. Raises UsageError where there is none."""
        tip = self._tip()
        content = self._content(tip) if tip else None
        if content is None:
            raise UsageError(
                f"branch '{self.branch}' holds no history; `bench history add RUN --branch {self.branch}` begins one, "
                f"`git fetch origin {self.branch}:{self.branch}` brings one that the remote has"
            )
        return lines.read(content, self.name)

    def add(self, entry: Entry) -> None:
        """Commit the file with one more line; where another was faster, again on top of theirs.

        Raises UsageError where the branch is checked out, as its work tree would then be out of step.
        """
        if (
            f"branch {self._ref}"
            in (git.text(self.root, "worktree", "list", "--porcelain") or "").splitlines()
        ):
            raise UsageError(f"branch '{self.branch}' is checked out; a history needs a branch of its own")
        for _ in range(_TRIES):
            if self._commit(entry):
                return
        raise BenchError(f"branch '{self.branch}' could not be moved in {_TRIES} tries; is it locked?")

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}"

    def _tip(self) -> str | None:
        return git.text(self.root, "rev-parse", "--verify", "--quiet", f"{self._ref}^{{commit}}")

    def _content(self, tip: str) -> bytes | None:
        return git.output(self.root, "cat-file", "blob", f"{tip}:{FILE}")

    def _commit(self, entry: Entry) -> bool:
        """Whether the branch could be moved on from where it was."""
        tip = self._tip()
        content = lines.whole((tip and self._content(tip)) or b"", self.name)
        blob = self._make("hash-object", "-w", "--stdin", given=content + lines.line(entry))
        tree = self._make("mktree", "-z", given=self._others(tip) + f"100644 blob {blob}\t{FILE}\0".encode())
        message = f"history: {entry.commit.short} {entry.commit.subject}".encode()
        parents = ("-p", tip) if tip else ()
        commit = self._make(*self._identity(), "commit-tree", *parents, tree, given=message)
        old = tip or "0" * len(commit)
        return git.output(self.root, "update-ref", self._ref, commit, old) is not None

    def _others(self, tip: str | None) -> bytes:
        """The other files at the top of the branch, in the form that `mktree` reads."""
        found = git.output(self.root, "ls-tree", "-z", tip) if tip else b""
        kept = [
            line for line in (found or b"").split(b"\0") if line and not line.endswith(b"\t" + FILE.encode())
        ]
        return b"".join(line + b"\0" for line in kept)

    def _identity(self) -> tuple[str, ...]:
        """Ours where git has none, as on a runner."""
        if git.text(self.root, "var", "GIT_COMMITTER_IDENT") and git.text(
            self.root, "var", "GIT_AUTHOR_IDENT"
        ):
            return ()
        return tuple(word for key, value in _US.items() for word in ("-c", f"user.{key}={value}"))

    def _make(self, *arguments: str, given: bytes) -> str:
        made = git.output(self.root, *arguments, given=given)
        if made is None:
            raise UsageError(f"git cannot write branch '{self.branch}' of {self.root}")
        return made.decode().strip()


Place = Folder | Branch
