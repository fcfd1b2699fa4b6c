"""A server that notes when each request came and what it asked for: a witness of what a generator sent."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

PROGRAM = """
import asyncio, json, sys, time

host, port, log, name = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
if name:
    open("/proc/self/comm", "w").write(name)
notes = open(log, "a", buffering=1)
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello"

class Noting(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        at_ns = time.monotonic_ns()
        self.rest += data
        while b"\\r\\n\\r\\n" in self.rest:
            head, _, self.rest = self.rest.partition(b"\\r\\n\\r\\n")
            first, *others = head.decode().split("\\r\\n")
            hosts = [line.split(": ", 1)[1] for line in others if line.lower().startswith("host:")]
            notes.write(json.dumps([at_ns, first.split()[1], hosts]) + "\\n")
            self.transport.write(ANSWER)

async def serve():
    server = await asyncio.get_running_loop().create_server(Noting, host, port, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(serve())
"""
"""It answers `hello` to whatever comes, with a log line for each request, and may bear the name of another program."""


@dataclass(frozen=True)
class Witness:
    """The server's process, its address, and its log."""

    process: subprocess.Popen[str]
    host: str
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def notes(self) -> list[Any]:
        """(moment of CLOCK_MONOTONIC in ns, path, values of Host headers) of each request, in their order."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    @property
    def arrivals_ns(self) -> list[int]:
        return [at_ns for at_ns, _, _ in self.notes]


@contextlib.contextmanager
def counting(
    host: str = "127.0.0.1", *, name: str = "", inside: Sequence[str] = (), port: int = 0
) -> Iterator[Witness]:
    """A witness on a free port for as long as the block lasts; `inside` is the start of its command line."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        log.touch()
        command = [*inside, sys.executable, "-c", PROGRAM, host, str(port), str(log), name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                found = int(process.stdout.readline())
                yield Witness(process, host, found, log)
            finally:
                process.kill()


def most_in_a_second(arrivals_ns: Sequence[int]) -> int:
    """The number of requests in the fullest second."""
    at = np.sort(np.array(arrivals_ns, np.int64))
    return int((np.searchsorted(at, at + 10**9, side="left") - np.arange(len(at))).max(initial=0))


def wait_for_arrivals(witness: Witness, count: int, within_s: float = 20.0) -> None:
    """Wait until so many requests came. Fails when the time is over."""
    deadline_s = time.monotonic() + within_s
    while len(witness.arrivals_ns) < count:
        assert time.monotonic() < deadline_s, f"{len(witness.arrivals_ns)} requests came"
        time.sleep(0.01)
