"""Hosts made of network namespaces: each has an address of its own, and a wire to a switch that joins them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_NUMBERS = itertools.count(1)
_NETWORK = "10.213.7"
_ANSWER_FOR_THE_WIRE_ALONE = "echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore"
"""A host that hides another's address from itself must not take it from all."""


@functools.cache
def missing() -> str:
    """Why no namespaces can be made here; empty where they can."""
    if shutil.which("ip") is None:
        return "network namespaces: iproute2 is not installed"
    try:
        with network(1):
            return ""
    except subprocess.CalledProcessError as error:
        return f"network namespaces: {error.stderr.decode().strip() or error}"


@dataclass(frozen=True, slots=True)
class Host:
    """A namespace and its address."""

    namespace: str
    address: str

    def command(self, *words: str, monotonic_s: int = 0) -> list[str]:
        """A command on this host; its CLOCK_MONOTONIC may be ahead of everybody else's by whole seconds."""
        clock = ["unshare", "--time", f"--monotonic={monotonic_s}", f"--boottime={monotonic_s}", "--fork"]
        return ["ip", "netns", "exec", self.namespace, *(clock if monotonic_s else []), *words]

    def add_address(self, address: str, device: str) -> None:
        """Another address: on `lo` it hides whoever else has it."""
        _ip("-n", self.namespace, "address", "add", f"{address}/32", "dev", device)


@contextlib.contextmanager
def network(hosts: int) -> Iterator[list[Host]]:
    """So many hosts, which reach each other and nobody else, until the block ends."""
    name = f"fb{os.getpid()}x{next(_NUMBERS)}"
    made: list[str] = []

    def namespace(suffix: str) -> str:
        full = f"{name}-{suffix}"
        _ip("netns", "add", full)
        made.append(full)
        _ip("-n", full, "link", "set", "lo", "up")
        return full

    try:
        switch = namespace("switch")
        _ip("-n", switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", switch, "link", "set", "switch", "up")
        found = []
        for number in range(1, hosts + 1):
            host = Host(namespace(str(number)), f"{_NETWORK}.{number}")
            port = f"port{number}"
            _ip(
                "-n",
                host.namespace,
                "link",
                "add",
                "wire",
                "type",
                "veth",
                "peer",
                "name",
                port,
                "netns",
                switch,
            )
            _ip("-n", switch, "link", "set", port, "master", "switch", "up")
            _ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "wire")
            _ip("-n", host.namespace, "link", "set", "wire", "up")
            _ip("netns", "exec", host.namespace, "sh", "-c", _ANSWER_FOR_THE_WIRE_ALONE)
            found.append(host)
        yield found
    finally:
        for full in made:
            subprocess.run(["ip", "netns", "delete", full], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=True)


CLOCK_AHEAD = """
import time

_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {seconds}
time.time_ns = lambda: _time_ns() + {seconds} * 10**9
"""


def clock_ahead(folder: Path, seconds: int) -> Mapping[str, str]:
    """The environment of Python processes whose time of day is ahead."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(CLOCK_AHEAD.format(seconds=seconds))
    return {"PYTHONPATH": str(folder)}


COUNTING = """
import asyncio, collections, json, signal, sys

host, port, answer_s, counts = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
seen = collections.Counter()

async def serve(reader, writer):
    client = writer.get_extra_info("peername")[0]
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            seen[client] += 1
            await asyncio.sleep(answer_s)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    server = await asyncio.start_server(serve, host, port, backlog=256)
    print("ready", flush=True)
    await done.wait()
    server.close()
    json.dump(seen, open(counts, "w"))

asyncio.run(main())
"""
"""A server that counts its requests by the address they come from, and leaves the counts in a file."""

SLOW_LINK = """
import asyncio, sys

delay_s, *links = float(sys.argv[1]), *sys.argv[2:]

async def carry(reader, writer):
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(65536):
            loop.call_later(delay_s, writer.write, data)
    except ConnectionError:
        pass
    loop.call_later(delay_s, writer.close)

async def listen(link):
    here, there = (end.rpartition(":")[::2] for end in link.split("="))

    async def join(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(there[0], int(there[1]))
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    await asyncio.start_server(join, here[0], int(here[1]))

async def main():
    for link in links:
        await listen(link)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""A link that takes time, each way: `python -c SLOW_LINK SECONDS HERE:PORT=THERE:PORT ...`."""


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block, and its children with it, its output in a log."""
    with log.open("w") as file:
        child = subprocess.Popen(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 15)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()


def python(code: str, *arguments: str) -> list[str]:
    """A command that runs a piece of Python."""
    return [sys.executable, "-c", code, *arguments]
