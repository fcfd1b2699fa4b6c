"""The native generator: uvloop and raw protocols, one connection a user, no task per request.

Run as `python -m bench.engines.native JOB`. Closed loops keep `users` sessions going; open loops start sessions at
times drawn before the run and measure from those times, so a stall of the server, or of this process, is seen.
"""

from __future__ import annotations

import asyncio
import gc
import math
import resource
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol, cast

import numpy as np
import uvloop

from bench.engines.job import Job, read_job, say, wait_for_go
from bench.engines.timer import Timer
from bench.engines.wire import ResponseReader, WireError, encode
from bench.model import ClosedLoad, OpenLoad
from bench.samples import OK, SampleFile
from bench.schedule import arrivals_ns
from scenarios.files import load as load_scenarios
from scenarios.model import Flow, Request, Response

_clock = time.monotonic_ns

_DRAIN_S = 5.0
_PROGRESS_S = 0.5
_SWEEP_S = 0.1
_RETRY_S = 0.05
_ENCODED_KEPT = 65536


class _Encoded:
    """A request made ready: its bytes, and what its answer is held against."""

    __slots__ = ("bodyless", "check", "expect", "label", "request", "wire")

    def __init__(self, request: Request, authority: str, label: int) -> None:
        self.request = request
        self.wire = encode(request, authority)
        self.label = label
        self.expect = request.expect
        self.check = request.check
        self.bodyless = request.method == "HEAD"


class _Sessions(Protocol):
    """What decides when sessions start: a closed or an open loop."""

    def begin(self) -> None: ...
    def ended(self, client: _Client, done_ns: int, *, connected: bool) -> None: ...
    @property
    def clients(self) -> list[_Client]: ...


class _Client(asyncio.Protocol):
    """A connection and the session that runs over it.

    It reconnects by itself when a session needs a connection and there is none. `sent_ns` is 0 while no request is
    under way, and the moment of asking for a connection while that is awaited.
    """

    __slots__ = (
        "_connecting",
        "_encoded",
        "_expected_losses",
        "_flow",
        "_intended_ns",
        "_reader",
        "_rng",
        "_traffic",
        "_transport",
        "sent_ns",
    )

    def __init__(self, traffic: _Traffic, rng: Random) -> None:
        self._traffic = traffic
        self._rng = rng
        self._reader = ResponseReader()
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._expected_losses = 0
        self._flow: Flow | None = None
        self._encoded: _Encoded
        self._intended_ns = 0
        self.sent_ns = 0

    # --- sessions

    def start(self, intended_ns: int) -> None:
        """Begin a session that was due at `intended_ns`."""
        self._flow = self._traffic.flow(self._rng)
        self._advance(None, intended_ns)

    def connect(self) -> None:
        """Open the connection ahead of the first session."""
        if self._transport is None and self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._open())

    def fail(self, kind: str, *, connected: bool = True) -> None:
        """The request under way has failed: count it, drop the connection, end the session."""
        done_ns = _clock()
        traffic, encoded = self._traffic, self._encoded
        traffic.errors += 1
        traffic.file.append(
            self._intended_ns, self.sent_ns, done_ns, encoded.label, traffic.file.outcome(kind), 0
        )
        self._disconnect()
        self._finish(done_ns, connected=connected)

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        self._disconnect()

    def _advance(self, response: Response | None, now_ns: int) -> None:
        """Hand the flow its answer and send what it asks for next, which is due now."""
        try:
            request = self._flow.send(response)  # type: ignore[union-attr, arg-type]
        except StopIteration:
            self._finish(now_ns)
        except Exception as error:
            self._traffic.broken = f"{type(error).__name__}: {error}"
            self._finish(now_ns)
        else:
            self._issue(request, now_ns)

    def _issue(self, request: Request, intended_ns: int) -> None:
        self._encoded = self._traffic.encoded(request)
        self._intended_ns = intended_ns
        self.sent_ns = _clock()
        if self._transport is None:
            self.connect()
        else:
            self._transport.write(self._encoded.wire)

    def _finish(self, done_ns: int, *, connected: bool = True) -> None:
        self.sent_ns = 0
        if self._flow is not None:
            self._flow.close()
            self._flow = None
        self._traffic.sessions.ended(self, done_ns, connected=connected)

    # --- the connection

    async def _open(self) -> None:
        traffic = self._traffic
        try:
            async with asyncio.timeout(traffic.job.timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: self, traffic.job.host, traffic.job.port
                )
        except ConnectionRefusedError:
            kind = "refused"
        except TimeoutError:
            kind = "connect-timeout"
        except OSError as error:
            kind = f"connect-{error.strerror or 'failed'}".lower().replace(" ", "-")
        else:
            return
        finally:
            self._connecting = None
        if self.sent_ns:
            self.fail(kind, connected=False)

    def _disconnect(self) -> None:
        if self._transport is not None:
            self._expected_losses += 1
            self._transport.abort()
            self._transport = None
        self._reader = ResponseReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        if self.sent_ns:
            self.sent_ns = _clock()
            self._transport.write(self._encoded.wire)

    def data_received(self, data: bytes) -> None:
        done_ns = _clock()
        if not self.sent_ns:
            self._disconnect()  # an answer that nobody asked for
            return
        encoded = self._encoded
        try:
            response = self._reader.feed(data, encoded.bodyless)
        except WireError:
            self.fail("garbage")
            return
        if response is not None:
            self._answered(response, done_ns, encoded)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._expected_losses:
            self._expected_losses -= 1
            return
        done_ns = _clock()
        self._transport = None
        response = self._reader.eof() if self.sent_ns else None
        if response is not None:
            self._answered(response, done_ns, self._encoded)
        elif self.sent_ns:
            self.fail("truncated" if self._reader.started else "reset")

    # --- an answer

    def _answered(self, response: Response, done_ns: int, encoded: _Encoded) -> None:
        traffic = self._traffic
        outcome = OK
        if response.status != encoded.expect or encoded.check is not None:
            fault = encoded.request.fault(response)
            if fault is not None:
                outcome = traffic.file.outcome(fault)
                traffic.errors += 1
        traffic.file.append(
            self._intended_ns, self.sent_ns, done_ns, encoded.label, outcome, self._reader.worker
        )
        if not self._reader.keep_alive:
            self._disconnect()
        if outcome != OK or done_ns >= traffic.end_ns:
            self._finish(done_ns)
        else:
            self._advance(response, done_ns)


class _ClosedLoop:
    """`users` sessions at all times: the next one starts when the last one ends."""

    def __init__(self, traffic: _Traffic, load: ClosedLoad) -> None:
        self._traffic = traffic
        self.clients = [traffic.client() for _ in range(load.users)]

    def begin(self) -> None:
        for client in self.clients:
            client.start(_clock())

    def ended(self, client: _Client, done_ns: int, *, connected: bool) -> None:
        if done_ns >= self._traffic.end_ns or self._traffic.broken:
            return
        if connected:
            client.start(done_ns)
        else:  # a server that refuses is not to be asked as fast as this process can spin
            asyncio.get_running_loop().call_later(_RETRY_S, self._retry, client)

    def _retry(self, client: _Client) -> None:
        if _clock() < self._traffic.end_ns:
            client.start(_clock())


class _OpenLoop:
    """Sessions start when they are due, over an idle connection or a new one; none is free: the session is shed."""

    def __init__(self, traffic: _Traffic, load: OpenLoad) -> None:
        self._traffic = traffic
        self._load = load
        self._due_ns: list[int] = (arrivals_ns(load, traffic.job.seed) + traffic.begin_ns).tolist()
        self._next = 0
        ahead = min(load.max_sessions, max(4, math.ceil(load.arrivals_per_s / 20)))
        self.clients = [traffic.client() for _ in range(ahead)]
        self._idle = deque(self.clients)
        self._timer: Timer

    def begin(self) -> None:
        for client in self.clients:
            client.connect()
        self._timer = Timer(asyncio.get_running_loop(), self._arrive)
        self._arrive()

    def ended(self, client: _Client, done_ns: int, *, connected: bool) -> None:
        self._idle.append(client)

    def _arrive(self) -> None:
        due, last = self._due_ns, len(self._due_ns)
        now_ns = _clock()
        while self._next < last and due[self._next] <= now_ns:
            self._start(due[self._next])
            self._next += 1
        if self._next < last and not self._traffic.broken:
            self._timer.set(due[self._next])

    def _start(self, intended_ns: int) -> None:
        if self._idle:
            self._idle.pop().start(
                intended_ns
            )  # the one used last: its connection is the least likely to be stale
        elif len(self.clients) < self._load.max_sessions:
            client = self._traffic.client()
            self.clients.append(client)
            client.start(intended_ns)
        elif intended_ns >= self._traffic.start_ns:
            self._traffic.shed += 1


class _Traffic:
    """One run of this process: warm-up from `begin_ns`, measured in [start_ns, end_ns), then drained."""

    def __init__(self, job: Job, begin_ns: int) -> None:
        scenario = load_scenarios(job.scenarios_file)[job.scenario]
        flow = scenario.victim if job.victim else scenario.flow
        assert flow is not None
        self.flow: Callable[[Random], Flow] = flow
        self.job = job
        self.begin_ns = begin_ns
        self.start_ns = begin_ns + int(job.load.warmup_s * 1e9)
        self.end_ns = self.start_ns + int(job.load.duration_s * 1e9)
        self.file = SampleFile(job.samples)
        self.errors = 0
        self.shed = 0
        self.broken = ""
        self._encoded: dict[Request, _Encoded] = {}
        self._seeds = Random(job.seed)
        self._cpu_ns: list[int] = []
        self.sessions: _Sessions = (
            _ClosedLoop(self, job.load) if isinstance(job.load, ClosedLoad) else _OpenLoop(self, job.load)
        )

    def client(self) -> _Client:
        return _Client(self, Random(self._seeds.getrandbits(64)))

    def encoded(self, request: Request) -> _Encoded:
        try:
            return self._encoded[request]
        except KeyError:
            if len(self._encoded) >= _ENCODED_KEPT:
                self._encoded.clear()
            made = _Encoded(request, self.job.authority, self.file.label(request.label))
            self._encoded[request] = made
            return made

    async def run(self) -> None:
        """Load the server, wait for what is under way at the end, and leave the samples."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0, self.begin_ns - _clock()) / 1e9)
        self.sessions.begin()
        loop.call_later(max(0, self.start_ns - _clock()) / 1e9, self._mark, "started")
        self._progress()
        while _clock() < self.end_ns and not self.broken:
            await asyncio.sleep(min(_SWEEP_S, max(0, self.end_ns - _clock()) / 1e9 + 0.001))
            self._sweep()
        self._mark("ended")
        await self._drain()
        self._close()

    def _mark(self, word: str) -> None:
        self._cpu_ns.append(time.process_time_ns())
        say(**{word: _clock()})

    def _sweep(self) -> None:
        """Fail the requests that have waited too long for an answer."""
        oldest_ns = _clock() - int(self.job.timeout_s * 1e9)
        for client in self.sessions.clients:
            if 0 < client.sent_ns < oldest_ns:
                client.fail("timeout")

    async def _drain(self) -> None:
        bound_ns = _clock() + int(_DRAIN_S * 1e9)
        clients = self.sessions.clients
        while not self.broken and _clock() < bound_ns and any(client.sent_ns for client in clients):
            await asyncio.sleep(0.005)
            self._sweep()
        for client in clients:
            if client.sent_ns:
                client.fail("unfinished")
            client.close()

    def _close(self) -> None:
        if self.broken:
            say(broken=f"scenario '{self.job.scenario}' raised {self.broken}")
            raise SystemExit(1)
        first_ns, last_ns = self._cpu_ns[0], self._cpu_ns[-1]
        self.file.close(
            start_ns=self.start_ns, end_ns=self.end_ns, shed=self.shed, cpu_s=(last_ns - first_ns) / 1e9
        )

    def _progress(self) -> None:
        recent = self.file.recent_response_ns(4000)
        p99_ms = float(np.percentile(recent, 99)) / 1e6 if len(recent) else None
        say(requests=self.file.requests, errors=self.errors, p99_ms=p99_ms)
        if _clock() < self.end_ns:
            asyncio.get_running_loop().call_later(_PROGRESS_S, self._progress)


def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536)), hard))
    job = read_job(Path(sys.argv[1]))
    begin_ns = wait_for_go()
    traffic = _Traffic(job, begin_ns)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # a collection stops the clock for every request under way
    uvloop.run(traffic.run())


if __name__ == "__main__":
    main()
