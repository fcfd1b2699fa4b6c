"""Shares of what each may use once on a server, over all processes, engines, users and cells of a run.

A counter is a file that processes lock in turn, in a folder that the environment names: children of a run inherit it.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from random import Random

from scenarios import seats

FOLDER = "BENCH_SHARES"


def take(rng: Random, of: str) -> int:
    """The next number, from 0 on, of a thing on the user's server: each number once."""
    folder = _folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    with open(folder / _digest(_name(*seats.find(rng)[:2]), of), "a+b") as counter:
        fcntl.flock(counter, fcntl.LOCK_EX)
        counter.seek(0)
        number = int(counter.read() or b"0")
        counter.truncate(0)
        counter.write(b"%d" % (number + 1))
        counter.flush()
    return number


def reset(host: str, port: int) -> None:
    """Begin to count from 0 again for a server that has just started; processes that start later count along."""
    for path in _folder().glob(f"{_digest(_name(host, port))}-*"):
        path.unlink()


def _folder() -> Path:
    """The folder of the counters, which is made with the first of them."""
    if FOLDER not in os.environ:
        name = f"fastapi-bench-shares-{os.getpid()}-{secrets.token_hex(8)}"
        os.environ[FOLDER] = str(Path(tempfile.gettempdir()) / name)
        atexit.register(_remove, os.environ[FOLDER], os.getpid())
    return Path(os.environ[FOLDER])


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a child that was forked
        shutil.rmtree(folder, ignore_errors=True)


def _name(host: str, port: int) -> str:
    return f"{host}:{port}"


def _digest(*words: str) -> str:
    return "-".join(hashlib.sha256(word.encode()).hexdigest()[:16] for word in words)
