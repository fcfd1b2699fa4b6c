"""A repository whose app waits in one endpoint, for the commands that load its servers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench import tiny

APP = (
    "import asyncio\n"
    + tiny.APP
    + """
async def answer(path):
    if path == "/waits":
        await asyncio.sleep(0.002)
    return (200, b"hello") if path in ("/waits", "/calm") else (404, b"")
"""
)
SETUPS = tiny.SETUPS + 'health = "/calm"\n'
MINE = ("mine", *tiny.FILES)


class Repository(tiny.Repository):
    """The working tree is what is changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, APP, ("waits", "calm"), SETUPS)

    def ab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.bench("ab", *MINE, *arguments, PYTHONDONTWRITEBYTECODE="1")
