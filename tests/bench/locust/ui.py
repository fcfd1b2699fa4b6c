"""Locust in a process of its own: with its web UI, led by its API as its page leads it, and without, until told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.system.ports import free_port
from tests.bench.program import poll

LOCUSTFILE = Path(__file__).parents[3] / "locustfile.py"


class LocustUi:
    """The API behind the page of a Locust that runs; `said` is what it wrote by its end."""

    def __init__(self, child: subprocess.Popen[str], port: int) -> None:
        self.child = child
        self.port = port
        self.said = ""

    def get(self, path: str, form: bytes | None = None) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", form, timeout=20) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith("{") else text

    def swarm(self, users: int, rate: float, **fields: str) -> None:
        """Start, or change the number of users."""
        form = urllib.parse.urlencode({"user_count": users, "spawn_rate": rate, **fields}).encode()
        assert self.get("/swarm", form)["success"]

    def stop(self) -> None:
        """Stop; without workers all users are gone after it, and the table shows their requests within two seconds."""
        self.get("/stop", b"")

    def stats(self) -> Any:
        return self.get("/stats/requests")

    def entry(self, name: str = "Aggregated") -> dict[str, Any]:
        """A row of the table, by its name; empty where there is none yet."""
        return next((one for one in self.stats()["stats"] if one["name"] == name), {})

    def is_up(self) -> bool:
        assert self.child.poll() is None, self.child.communicate()
        with contextlib.suppress(OSError, urllib.error.URLError):
            return bool(self.get("/"))
        return False

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send it a signal; gives the status that it ends with."""
        self.child.send_signal(signum)
        out, errors = self.child.communicate(timeout=30)
        self.said = out + errors
        return self.child.returncode


@contextlib.contextmanager
def locust_ui(*arguments: str, env: Mapping[str, str], file: Path = LOCUSTFILE) -> Iterator[LocustUi]:
    """Locust with a web UI, for as long as the block lasts."""
    port = free_port()
    web = ("--web-host", "127.0.0.1", "--web-port", str(port), "--loglevel", "WARNING")
    command = [sys.executable, "-m", "locust", "-f", str(file), *web, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env={**os.environ, **env}, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, text=True
    ) as child:
        ui = LocustUi(child, port)
        try:
            poll(ui.is_up, within_s=60.0)
            yield ui
        finally:
            if child.poll() is None:
                child.kill()


def run_until(
    enough: Callable[[str], bool],
    *arguments: str,
    folder: Path,
    env: Mapping[str, str],
    file: Path = LOCUSTFILE,
) -> tuple[dict[str, dict[str, Any]], str, int]:
    """Locust without its page, ended once there is enough, as its standard error may say, or by itself.

    Gives the entries of its statistics by name, its standard error, and its exit status. No run time is given: that of
    the start would count, which takes long on a busy machine.
    """
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--json", "--only-summary"]
    out, err = folder / "out.txt", folder / "err.txt"
    with out.open("w") as out_file, err.open("w") as err_file:
        child = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=out_file,
            stderr=err_file,
        )
        try:
            poll(lambda: child.poll() is not None or enough(err.read_text()), within_s=60.0)
            child.terminate()
            child.wait(60)
        finally:
            child.kill()
    found = re.findall(r"^\[.*?\]$", out.read_text(), re.MULTILINE | re.DOTALL)  # workers print theirs first
    entries = json.loads(found[-1]) if found else []
    return {entry["name"]: entry for entry in entries}, err.read_text(), child.returncode
