"""Copies of a user's files: all of a working tree, or those that are brought into another version."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePath

from bench.errors import UsageError
from bench.system import git

_BYTECODE = ("__pycache__", "*.pyc")
_CACHES = (
    *_BYTECODE,
    *(".*_cache", ".cache", ".hypothesis", ".tox", ".nox", ".coverage*", "htmlcov", "reports", "*.log"),
    *("venv", ".venv", "node_modules", "build", "dist", ".eggs", "*.egg-info", "target"),
    *(".idea", ".vscode", ".DS_Store"),
)
"""Ignored files that no app reads, or that it makes anew: nothing to write home about."""

_LARGE_BYTES = 64_000_000
"""A file of the working tree that is larger is linked, not copied."""


def copy_working_tree(source: Path, place: Path, besides: Path, *, environments: bool = True) -> None:
    """Copy the files of a working tree and of the repositories within it; what git ignores is linked.

    Left out are bytecode, and what lies in the folder `besides`. Without `environments` caches are left out, too, and
    virtual environments: what installs into the copy would change the user's.
    """
    for name in list_files(source, "--cached", "--others", "--exclude-standard"):
        mine, target = source / name, place / name
        if mine.resolve().is_relative_to(besides):
            continue
        if mine.is_dir() and not mine.is_symlink():  # a submodule, or another repository
            target.mkdir(parents=True, exist_ok=True)
            if (mine / ".git").exists():
                copy_working_tree(mine, target, besides, environments=environments)
        elif mine.is_symlink() or mine.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy_file(mine, target)
    for name in ignored_files(source):
        mine, target = source / name, place / name
        if _matches(name, _BYTECODE) or besides.is_relative_to(mine.resolve()):
            continue
        if not environments and is_cache(source, name):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(target):
            target.symlink_to(mine)


def carry(folder: Path, root: Path, names: Sequence[str], place: Path) -> None:
    """Copy files and folders of a user's folder into the version at `place`, which keeps what it has itself.

    `root` is the top of the user's files. Raises UsageError for a name that leads nowhere, or out of the root.
    """
    for name in names:
        mine = Path(os.path.normpath(folder / name))
        if not os.path.lexists(mine):
            raise UsageError(f"carry: there is no {name} in {folder}")
        if not mine.is_relative_to(root) or mine == root:
            raise UsageError(
                f"carry: {name} is not within the repository {root}; name a file or folder of it"
            )
        target = place / mine.relative_to(root)
        if target.is_symlink() and target.resolve() == mine.resolve() and not mine.is_symlink():
            target.unlink()  # a version that writes into it must not write into the user's
        for file in _walk(mine):
            _bring(file, target / file.relative_to(mine), place)


def list_files(folder: Path, *arguments: str) -> list[str]:
    """Files that git lists, by the way from the folder to them, each once."""
    return list(
        dict.fromkeys(filter(None, (git.names(folder, "ls-files", "-z", *arguments) or "").split("\0")))
    )


def ignored_files(root: Path) -> list[str]:
    """Files that git ignores; a folder that it ignores as a whole counts once, and ends with a slash."""
    wanted = ("--others", "--ignored", "--exclude-standard", "--directory", "--no-empty-directory")
    return list_files(root, *wanted)


def is_cache(root: Path, name: str) -> bool:
    """Whether it is a cache, a virtual environment, or a folder that holds nothing else."""
    if _matches(name, _CACHES) or (root / name / "pyvenv.cfg").exists():
        return True
    within = (os.path.join(folder, file) for folder, _, files in os.walk(root / name) for file in files)
    return name.endswith("/") and all(_matches(os.path.relpath(file, root), _CACHES) for file in within)


def _walk(path: Path) -> Iterator[Path]:
    """The files and links below a folder, or the file itself."""
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for one in sorted(path.iterdir()):
        yield from _walk(one)


def _bring(mine: Path, target: Path, place: Path) -> None:
    linked = any(folder.is_symlink() for folder in target.parents if folder.is_relative_to(place))
    if linked or os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if mine.is_symlink():
        target.symlink_to(mine.resolve())  # its own text may lead out of the repository
    else:
        _copy_file(mine, target)


def _copy_file(mine: Path, target: Path) -> None:
    if mine.is_symlink() or (os.access(mine, os.R_OK) and mine.stat().st_size <= _LARGE_BYTES):
        shutil.copy(mine, target, follow_symlinks=False)
    else:
        target.symlink_to(mine)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(part, pattern) for part in PurePath(name).parts for pattern in patterns)
