"""A tiny app in a repository of its own, for the gates that compare commits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    status, body = await answer(scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
"""An ASGI app that lacks `answer(path)`, which gives a status and a body."""

SCENARIOS = """
from scenarios.model import Request, Scenario, contains

def asking(path):
    def flow(rng):
        yield Request("GET", path, check=contains(b"hello"))
    return flow

SCENARIOS = {name: Scenario(name, asking("/" + name)) for name in NAMES}
"""
"""A scenario for each of the paths that are NAMES."""

SETUPS = '[mine]\nserver = "uvicorn"\napp = "my_app:app"\n'
FILES = ("--setups", "setups.toml", "--scenarios", "my_scenarios.py")


class Repository:
    """A repository whose first commit is on the branch `base`; what is written later is the working tree's."""

    def __init__(self, folder: Path, app: str, names: tuple[str, ...], setups: str = SETUPS) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "base")
        (folder / "setups.toml").write_text(setups)
        self.names(*names)
        self.app(app)
        self.commit("base")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(self.folder), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def commit(self, branch: str) -> None:
        self.git("checkout", "-q", "-B", branch)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", branch)

    def worktrees(self) -> int:
        """Those that there are, the repository's own among them."""
        return len(self.git("worktree", "list").splitlines())

    def app(self, source: str) -> None:
        (self.folder / "my_app.py").write_text(source)

    def names(self, *names: str) -> None:
        (self.folder / "my_scenarios.py").write_text(f"NAMES = {names!r}\n{SCENARIOS}")

    def bench(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `bench` in the repository."""
        return subprocess.run(
            [sys.executable, "-m", "fastapi_bench", *arguments],
            cwd=self.folder,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
