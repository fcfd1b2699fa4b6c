"""Versions of the source, each in a folder of its own for as long as it is measured: commits, and the working tree."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError
from bench.system import copies, git
from bench.system.worktrees import check_out, remove_left_over, worktree

_SETTINGS = (".env", ".env.*")
"""In no commit, and what one version reads the other must, too."""

_SHOWN = 5
_VERIFY = ("rev-parse", "--verify", "--quiet", "--end-of-options")
_LIST_TREE = ("ls-tree", "-r", "-z", "--full-tree")


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
        done = git.run(self.root, *_VERIFY, f"{ref}^{{commit}}")
        if done.returncode == 0:
            return done.stdout.decode().strip()
        shallow = git.text(self.root, "rev-parse", "--is-shallow-repository") == "true"
        way = (
            "this clone is shallow: git fetch --unshallow" if shallow else "is it fetched? (git fetch origin)"
        )
        words = "; ".join(git.refusal(done).splitlines())
        raise UsageError(f"'{ref}' names no commit here; {way}{f'; git: {words}' if words else ''}")

    @contextlib.contextmanager
    def versions(
        self,
        base: str | None,
        head: str | None,
        place: Path,
        *,
        carry: Sequence[str] = (),
        environments: bool = True,
    ) -> Iterator[Versions]:
        """Two versions in the folders `base` and `head` of `place`; None stands for the working tree.

        Their paths are of one length and one depth: both decide how much an app does that resolves them, and where
        things lie in memory. Both get the user's files `carry`, named from the folder on. Without `environments` the
        working tree comes without its caches and virtual environments. Raises UsageError where a version cannot be had.
        """
        remove_left_over(self.root)
        with contextlib.ExitStack() as stack:
            trees = []
            for name, ref in (("base", base), ("head", head)):
                opened = (
                    self._working_tree(place / name, environments)
                    if ref is None
                    else self._commit_tree(ref, place / name)
                )
                trees.append(stack.enter_context(opened))
            for tree in trees:
                self._share_settings(tree)
                copies.carry(self.root / self.prefix, self.root, carry, tree.root)
            old, new = trees
            yield Versions(old, new, self._ignored_note(old) if base and not head else ())

    @contextlib.contextmanager
    def _commit_tree(self, ref: str, place: Path) -> Iterator[Tree]:
        """A commit with its submodules."""
        commit = self.commit(ref)
        with worktree(self.root, place, commit):
            git_dir = git.names(self.root, "rev-parse", "--path-format=absolute", "--git-common-dir")
            _fill_submodules(self.root, Path(git_dir or self.root / ".git"), commit, place)
            if not (place / self.prefix).is_dir():
                raise UsageError(f"{ref} has no folder {self.prefix}, so there is nothing to compare with")
            said = f"{ref} ({commit[:10]})" if ref != commit else commit[:10]
            yield Tree(place / self.prefix, said, place)

    @contextlib.contextmanager
    def _working_tree(self, place: Path, environments: bool) -> Iterator[Tree]:
        """The files as they are now, copied: a link would lead an app that resolves its paths out of `place`."""
        commit = self.commit("HEAD")
        changed = git.names(self.root, "status", "--porcelain")
        state = "with uncommitted changes" if changed else "no uncommitted changes"
        with worktree(self.root, place, commit, "--no-checkout"):
            besides = place.parent.resolve()
            copies.copy_working_tree(self.root, place, besides, environments=environments)
            (place / self.prefix).mkdir(parents=True, exist_ok=True)
            yield Tree(place / self.prefix, f"the working tree ({commit[:10]}, {state})", place)

    def _share_settings(self, tree: Tree) -> None:
        here = self.root / self.prefix
        for name in copies.list_files(here, "--others", "--", *_SETTINGS):
            target = tree.folder / name
            if "/" not in name and not os.path.lexists(target):
                target.symlink_to(here / name)

    def _ignored_note(self, base: Tree) -> tuple[str, ...]:
        """A note on ignored files of the working tree that a base cannot have."""
        names = [
            name
            for name in copies.ignored_files(self.root)
            if not copies.is_cache(self.root, name) and not (base.root / name).exists()
        ]
        if not names:
            return ()
        shown = sorted(names, key=lambda name: (name.rstrip("/").count("/"), name))[:_SHOWN]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        first = os.path.relpath(self.root / shown[0], self.root / self.prefix)
        return (
            f"Only the working tree has {', '.join(shown)}{more}, which git ignores: the base ran without, so a "
            "difference may come from there. Bring what the app reads into the base as well: "
            f"--carry {shlex.quote(first)}, or carry = [{json.dumps(first)}] in the setup.",
        )


def repository(folder: Path) -> Repository:
    """The repository around a folder. Raises UsageError, with git's own words, outside of one."""
    root = git.root(folder, "there is no base to compare with")
    return Repository(root, git.names(folder, "rev-parse", "--show-prefix") or "")


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
            check_out(folder, *read, env=index)
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
