"""Versions of the source, each in a folder of its own for as long as it is measured: commits, and the working tree."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from bench.errors import UsageError
from bench.system import git

_SETTINGS = (".env", ".env.*")
"""In no commit, and what one version reads the other must, too."""

_BYTECODE = ("__pycache__", "*.pyc")
_CACHES = (
    *_BYTECODE,
    *(".*_cache", ".cache", ".hypothesis", ".tox", ".nox", ".coverage*", "htmlcov", "reports", "*.log"),
    *("venv", ".venv", "node_modules", "build", "dist", ".eggs", "*.egg-info", "target"),
    *(".idea", ".vscode", ".DS_Store"),
)
"""Ignored files that no app reads, or that it makes anew: nothing to write home about."""

_SHOWN = 5
_VERIFY = ("rev-parse", "--verify", "--quiet", "--end-of-options")
_LIST_TREE = ("ls-tree", "-r", "-z", "--full-tree")
_LARGE_BYTES = 64_000_000
"""A file of the working tree that is larger is linked, not copied."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A version: the folder its app is imported from, how to call it, and `root`, the top of all its files."""

    folder: Path
    said: str
    root: Path


@dataclass(frozen=True, slots=True)
class Versions:
    """Two versions to compare, and notes on files that only one of them has."""

    base: Tree
    head: Tree
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository around a folder; `prefix` is the way from its root to the folder."""

    root: Path
    prefix: str

    def commit(self, ref: str) -> str:
        """The commit that a ref names. Raises UsageError where there is none."""
        found = git.names(self.root, *_VERIFY, f"{ref}^{{commit}}")
        if found is None:
            raise UsageError(
                f"'{ref}' names no commit here; is it fetched? (git fetch --unshallow, git fetch origin)"
            )
        return found

    @contextlib.contextmanager
    def versions(self, base: str, head: str | None, place: Path) -> Iterator[Versions]:
        """Two versions in the folders `base` and `head` of `place`; without a head, the working tree is the head.

        Their paths are of one length and one depth: both decide how much an app does that resolves them, and where
        things lie in memory. Raises UsageError where a version cannot be had.
        """
        with contextlib.ExitStack() as stack:
            old = stack.enter_context(self._commit_tree(base, place / "base"))
            new = stack.enter_context(
                self._working_tree(place / "head")
                if head is None
                else self._commit_tree(head, place / "head")
            )
            for tree in (old, new):
                self._share_settings(tree)
            yield Versions(old, new, () if head else self._ignored_note(old))

    @contextlib.contextmanager
    def _commit_tree(self, ref: str, place: Path) -> Iterator[Tree]:
        """A commit with its submodules."""
        commit = self.commit(ref)
        with self._worktree(place, commit):
            git_dir = git.names(self.root, "rev-parse", "--path-format=absolute", "--git-common-dir")
            _fill_submodules(self.root, Path(git_dir or self.root / ".git"), commit, place)
            if not (place / self.prefix).is_dir():
                raise UsageError(f"{ref} has no folder {self.prefix}, so there is nothing to compare with")
            said = f"{ref} ({commit[:10]})" if ref != commit else commit[:10]
            yield Tree(place / self.prefix, said, place)

    @contextlib.contextmanager
    def _working_tree(self, place: Path) -> Iterator[Tree]:
        """The files as they are now, copied: a link would lead an app that resolves its paths out of `place`."""
        commit = self.commit("HEAD")
        changed = git.names(self.root, "status", "--porcelain")
        state = "with uncommitted changes" if changed else "no uncommitted changes"
        with self._worktree(place, commit, "--no-checkout"):
            _copy(self.root, place, besides=place.parent.resolve())
            (place / self.prefix).mkdir(parents=True, exist_ok=True)
            yield Tree(place / self.prefix, f"the working tree ({commit[:10]}, {state})", place)

    @contextlib.contextmanager
    def _worktree(self, place: Path, commit: str, *options: str) -> Iterator[None]:
        """A worktree at `place`, removed in every case."""
        add = ("worktree", "add", "--detach", "--quiet", *options, str(place), commit)
        try:
            _check_out(self.root, *add)
            yield
        finally:
            git.names(self.root, "worktree", "remove", "--force", str(place))

    def _share_settings(self, tree: Tree) -> None:
        here = self.root / self.prefix
        for name in _list_files(here, "--others", "--", *_SETTINGS):
            target = tree.folder / name
            if "/" not in name and not os.path.lexists(target):
                target.symlink_to(here / name)

    def _ignored_note(self, base: Tree) -> tuple[str, ...]:
        """A note on ignored files of the working tree that a base cannot have."""
        names = [
            name
            for name in _ignored_files(self.root)
            if not _is_cache(self.root, name) and not (base.root / name).exists()
        ]
        if not names:
            return ()
        shown = sorted(names, key=lambda name: (name.rstrip("/").count("/"), name))[:_SHOWN]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return (
            f"Only the working tree has {', '.join(shown)}{more}, which git ignores: the base ran without, so a "
            "difference may come from there.",
        )


def repository(folder: Path) -> Repository:
    """The repository around a folder. Raises UsageError outside of one."""
    root = git.names(folder, "rev-parse", "--show-toplevel")
    if root is None:
        raise UsageError(f"{folder} is in no git repository, so there is no base to compare with")
    return Repository(Path(root), git.names(folder, "rev-parse", "--show-prefix") or "")


def _copy(source: Path, place: Path, besides: Path) -> None:
    """The files of a working tree and of the repositories within it; what git ignores is linked.

    Left out are bytecode, and what lies in the folder `besides`.
    """
    for name in _list_files(source, "--cached", "--others", "--exclude-standard"):
        mine, target = source / name, place / name
        if mine.resolve().is_relative_to(besides):
            continue
        if mine.is_dir() and not mine.is_symlink():  # a submodule, or another repository
            target.mkdir(parents=True, exist_ok=True)
            if (mine / ".git").exists():
                _copy(mine, target, besides)
        elif mine.is_symlink() or mine.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy_file(mine, target)
    for name in _ignored_files(source):
        mine, target = source / name, place / name
        if _matches(name, _BYTECODE) or besides.is_relative_to(mine.resolve()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(target):
            target.symlink_to(mine)


def _copy_file(mine: Path, target: Path) -> None:
    if mine.is_symlink() or (os.access(mine, os.R_OK) and mine.stat().st_size <= _LARGE_BYTES):
        shutil.copy(mine, target, follow_symlinks=False)
    else:
        target.symlink_to(mine)


def _ignored_files(root: Path) -> list[str]:
    """Files that git ignores; a folder that it ignores as a whole counts once, and ends with a slash."""
    wanted = ("--others", "--ignored", "--exclude-standard", "--directory", "--no-empty-directory")
    return _list_files(root, *wanted)


def _is_cache(root: Path, name: str) -> bool:
    """Whether it is a cache, a virtual environment, or a folder that holds nothing else."""
    if _matches(name, _CACHES) or (root / name / "pyvenv.cfg").exists():
        return True
    within = (os.path.join(folder, file) for folder, _, files in os.walk(root / name) for file in files)
    return name.endswith("/") and all(_matches(os.path.relpath(file, root), _CACHES) for file in within)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(part, pattern) for part in PurePath(name).parts for pattern in patterns)


def _list_files(folder: Path, *arguments: str) -> list[str]:
    """Files by the way from the folder to them, each once."""
    return list(
        dict.fromkeys(filter(None, (git.names(folder, "ls-files", "-z", *arguments) or "").split("\0")))
    )


def _fill_submodules(here: Path, git_dir: Path, commit: str, place: Path) -> None:
    """Check out a commit's submodules, which `git worktree add` leaves empty, from what was fetched of them.

    `here` is where the user has the repository, `place` where the commit was checked out. Those that the user has not
    initialised stay empty. Raises UsageError where a submodule lacks the commit that is wanted.
    """
    entries = _ask(git_dir, *_LIST_TREE, commit) or ""
    for entry in filter(lambda line: line.startswith("160000 "), entries.split("\0")):
        about, _, name = entry.partition("\t")
        wanted = about.split()[2]
        theirs = _submodule(here, git_dir, commit, name)
        if theirs is None:
            continue
        if _ask(theirs, "cat-file", "-e", f"{wanted}^{{commit}}") is None:
            raise UsageError(
                f"the submodule '{name}' lacks commit {wanted[:10]}, which {commit[:10]} needs; fetch it: "
                f"git -C {name} fetch origin {wanted}"
            )
        folder = place / name
        index = {"GIT_INDEX_FILE": str(theirs / f"index-{os.getpid()}")}
        read = (
            f"--git-dir={theirs}",
            f"--work-tree={folder}",
            "read-tree",
            "-u",
            "--reset",
            wanted,
        )
        try:
            _check_out(folder, *read, env=index)
        finally:
            Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)
        _fill_submodules(here / name, theirs, wanted, folder)


def _submodule(here: Path, git_dir: Path, commit: str, name: str) -> Path | None:
    """The repository of a submodule: that of its checkout, or one that was left when the checkout went."""
    if (here / name / ".git").exists():
        return Path(git.names(here / name, "rev-parse", "--absolute-git-dir") or here / name / ".git")
    wanted = ("--blob", f"{commit}:.gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    for line in (_ask(git_dir, "config", *wanted) or "").splitlines():
        key, _, path = line.partition(" ")
        kept = git_dir / "modules" / key.removeprefix("submodule.").removesuffix(".path")
        if path == name and kept.is_dir():
            return kept
    return None


def _ask(git_dir: Path, *arguments: str) -> str | None:
    """The output of git for a repository whose checkout, named in its configuration, may be gone."""
    return git.names(git_dir, f"--git-dir={git_dir}", f"--work-tree={git_dir}", *arguments)


def _check_out(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
    done = git.run(folder, *arguments, env=env)
    if done.returncode:
        raise UsageError(f"git cannot check out the commit: {done.stderr.decode(errors='replace').strip()}")
