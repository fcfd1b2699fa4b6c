"""A small service in a repository that has an origin: its branch `base`, and a branch with a change."""

from __future__ import annotations

from pathlib import Path

from tests.bench.tiny import APP, Repository

ANSWER = """
async def answer(path):
    return 200, b"hello" + str(sum(range({size}))).encode()
"""
FILES = ("--setups", "setups.toml", "--scenarios", "my_scenarios.py", "--setup", "mine")
SIZES = {"slow": 9000, "harmless": 1000}
"""How much the branches compute; the base computes as much as the harmless one."""


def app(size: int) -> str:
    return APP + ANSWER.format(size=size)


def serve(folder: Path, branch: str) -> Repository:
    """The repository with a branch of this name checked out, which left `base` after its only commit."""
    (folder / "repository").mkdir()
    repository = Repository(folder / "repository", app(1000), ("page",))
    repository.git("clone", "-q", "--bare", str(repository.folder), str(folder / "origin.git"))
    repository.git("remote", "add", "origin", str(folder / "origin.git"))
    repository.git("fetch", "-q", "origin")
    repository.app(app(SIZES[branch]) + "\n# as before\n")
    repository.commit(branch)
    return repository
