"""One connection of the native engine, and the sessions that run over it one after the other: no task per request.

The path of an answer that is byte for byte the one this request got before is kept short, in however many pieces it
comes: it was read and checked then, so it is only counted now. Every other answer is parsed and checked, and a right
one is remembered. Connection and session are one object for the same reason: two would call each other per answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import cast

from bench.engines.backoff import AT_ONCE
from bench.engines.closing import is_repeatable, may_be_unread, was_closed_before
from bench.engines.common import Common, Encoded
from bench.engines.http2 import Http2Connection
from bench.engines.messages import MessageReader, MessageTransport, UpgradeReader, open_messages
from bench.engines.opening import open_transport
from bench.engines.wire import ResponseReader, WireError
from bench.model.samples import OK, tag
from bench.system.http2 import UnreadError
from bench.system.reach import connect_fault
from scenarios import mistakes, seats
from scenarios.mistakes import ScenarioError
from scenarios.model import Flow, FlowStep, Pause, Request, Response
from scenarios.session import Jar
from scenarios.single import Always
from scenarios.websocket import MESSAGES, NOT_OPEN, SWITCHED

clock_ns = time.monotonic_ns

_KNOWN_BYTES = 64 * 1024  # every client keeps an answer of its own
_NOTHING = b""


def _end() -> Flow:
    """A flow that asks for nothing."""
    yield from ()


class Client(asyncio.Protocol):
    """A connection and the session that runs over it; it calls `ended(client, done_ns, connected)` at its end.

    `setbacks` counts connections in a row that were refused, or lost before an answer. `connected` is False where that
    makes the server one to leave alone for a while.

    It reconnects by itself when a session needs a connection and there is none. `sent_ns` is 0 while no request is
    under way, and the moment of asking for a connection while that is awaited. From `until_ns` on it sends nothing; the
    session ends, or where it is `lasting` it waits for `resume`.

    One that `repeats` begins a session at the end of the last. Where every session is the same one request and its
    answer is known, it does so by itself, and calls `ended` only when something else happens.
    """

    __slots__ = (
        "_append",
        "_arrivals_ns",
        "_at_end",
        "_common",
        "_connect_ns",
        "_connecting",
        "_encoded",
        "_ended",
        "_expected_losses",
        "_flow",
        "_has_paused",
        "_held",
        "_intended_ns",
        "_is_one_request",
        "_jar",
        "_known",
        "_known_response",
        "_known_tag",
        "_raw",
        "_reader",
        "_repeats",
        "_request",
        "_rng",
        "_seen",
        "_transport",
        "_was_unread",
        "lasting",
        "sent_ns",
        "setbacks",
        "until_ns",
    )

    def __init__(
        self,
        common: Common,
        rng: Random,
        ended: Callable[[Client, int, bool], None],
        *,
        repeats: bool = False,
    ) -> None:
        self._common = common
        self._append = common.file.append
        self._rng = rng
        self._ended = ended
        self._is_one_request = type(common.flow) is Always  # one that inherits from it may vary
        self._repeats = repeats and self._is_one_request
        address = common.job.address
        seats.take(rng, *address.place, address.prefix)
        self._reader: ResponseReader | MessageReader = ResponseReader()
        self._transport: asyncio.Transport | MessageTransport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._expected_losses = 0
        self._flow: Flow
        self._has_paused = False
        self._request: Request | None = None
        self._jar: Jar | None = None  # of the session under way, once a cookie is set
        self._encoded: Encoded
        self._intended_ns = 0
        self._connect_ns = 0  # how long the request under way has waited for its connection
        self._was_unread = False  # the request under way, when the connection came to its end
        self.sent_ns = 0
        self.setbacks = 0
        self.lasting = False
        self._held: Response | None = None
        self.until_ns = common.end_ns
        self._known = _NOTHING
        self._known_response: Response
        self._known_tag = 0
        self._seen = 0  # bytes of the known answer that have come again
        self._arrivals_ns: list[int] = []  # of the pieces of an answer that did not come again in one
        self._raw = bytearray()  # of an answer that is being parsed, until there are too many to be known

    # --- sessions

    def start(self, intended_ns: int) -> None:
        """Begin a session that was due at `intended_ns`."""
        self._jar = None
        try:
            self._flow = self._common.flow(self._rng)
        except Exception as error:
            self._flow = _end()
            self._break(error, intended_ns)
        else:
            self._advance(None, intended_ns)

    def resume(self, intended_ns: int) -> None:
        """Go on with the session that waits, its request due at `intended_ns`; begin one where none waits."""
        held = self._held
        if held is None:
            self.start(intended_ns)
        else:
            self._held = None
            self._advance(held, intended_ns)

    def connect(self) -> None:
        """Open the connection ahead of the first session."""
        if type(self._reader) is MessageReader:
            self._ask()  # a WebSocket that is lost is not opened again
        elif self._transport is None and self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._open())

    def fail(self, kind: str, *, connected: bool = True, at_ns: int = 0) -> None:
        """The request under way has failed, now or at `at_ns`: count it, drop the connection, end the session."""
        done_ns = at_ns or clock_ns()
        common = self._common
        common.errors += 1
        failed = tag(self._encoded.label, common.file.outcome(kind), 0)
        first_ns = self._first_ns(done_ns) if self._arrivals_ns else done_ns
        self._append((self._intended_ns, self._connect_ns, self.sent_ns, first_ns, done_ns, failed))
        common.evidence.keep(kind, self._encoded, done_ns, self._raw or self._known[: self._seen])
        self._disconnect()
        self._finish(done_ns, connected=connected)

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        self._common.pauses.drop(self)
        if type(self._reader) is MessageReader and self._held is not None:
            self._held = None  # a session does not outlast its WebSocket
            self._flow.close()
        self._disconnect()

    def _advance(self, response: Response | None, now_ns: int) -> None:
        """Hand the flow its answer, or nothing after a pause, and send what it asks for next, which is due now."""
        try:
            step = self._flow.send(response)  # type: ignore[arg-type]
        except StopIteration:
            if (
                response is None and not self._has_paused
            ):  # the next session would be over before it began, too
                self._common.broken = ": its flow yields no request"
            elif response is None:
                self._has_paused = False
            self.sent_ns = 0
            self._ended(self, now_ns, True)
            return
        except Exception as error:
            self._break(error, now_ns)
            return
        if self._jar is not None:
            step = self._jar.prepare(step)
        if step is self._request or self._prepare(step, now_ns):
            self._send(now_ns)

    def _send(self, intended_ns: int) -> None:
        self._common.sent += 1
        self._intended_ns = intended_ns
        self._connect_ns = 0
        self.sent_ns = clock_ns()
        if self._transport is None:
            self.connect()
        else:
            self._transport.write(self._encoded.wire)

    def _prepare(self, step: FlowStep, now_ns: int) -> bool:
        """Make a request ready that is not the last one again; False where there is none to send now."""
        if type(step) is Pause:
            self._pause(step, now_ns)
            return False
        request = cast(Request, step)
        try:
            self._encoded = self._common.encoded(request)
        except Exception as error:  # whatever is not a request that can be sent
            self._request = None
            self._break(error, now_ns, step)
            return False
        self._request = request
        self._known = _NOTHING
        if self._encoded.expect == SWITCHED or type(self._reader) is not ResponseReader:
            return self._prepare_switch(request, now_ns)
        return True

    def _pause(self, pause: Pause, now_ns: int) -> None:
        self.sent_ns = 0  # nothing is under way
        self._has_paused = True
        try:
            seconds = mistakes.checked_seconds(pause.seconds, self._flow)
        except Exception as error:
            self._break(error, now_ns)
        else:
            self._common.pauses.add(self, now_ns + int(seconds * 1e9))

    def go_on(self, due_ns: int) -> None:
        """Go on with the session after a pause that was over at `due_ns`."""
        if self._common.broken or (due_ns >= self.until_ns and not self.lasting):
            self._finish(clock_ns())
        else:
            self._advance(None, due_ns)

    def _break(self, error: Exception, now_ns: int, step: object = None) -> None:
        """The scenario itself failed, at a step that it yielded where one is given."""
        self._common.broken = mistakes.explain(error, self._flow, step)
        self._finish(now_ns)

    def _finish(self, done_ns: int, *, connected: bool = True) -> None:
        """End the session before its flow is at its end."""
        self.sent_ns = 0
        try:
            self._flow.close()
        except Exception as error:  # the flow does something else when it is to end
            self._common.broken = mistakes.explain(error, self._flow)
        self._ended(self, done_ns, connected)

    def _suspend(self, response: Response, done_ns: int) -> None:
        """End the session, as no more is to be sent, or keep it where it is lasting."""
        if not self.lasting:
            self._finish(done_ns)
            return
        self._held = response
        self.sent_ns = 0
        self._ended(self, done_ns, True)

    # --- the connection

    async def _open(self) -> None:
        job, address = self._common.job, self._common.job.address
        protocol = Http2Connection(self) if address.http2 else self
        try:
            async with asyncio.timeout(job.timeout_s):
                await open_transport(protocol, address)
        except OSError as error:
            kind = connect_fault(error, address)
            if kind != "connect-timeout":
                self.setbacks = max(AT_ONCE, self.setbacks)
        else:
            return
        self._connecting = None
        self.setbacks += 1
        if self.sent_ns:
            self.fail(kind, connected=False)

    def _disconnect(self) -> None:
        if self._transport is not None:
            self._expected_losses += 1
            self._transport.abort()
            self._transport = None
        self._reader = ResponseReader()
        self._request = None
        self._known = _NOTHING
        self._seen = 0
        self._arrivals_ns.clear()
        self._raw.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connecting = None  # here, as the connection can be lost again before that task goes on
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        self._known = _NOTHING  # the path of known answers keeps no account of connecting
        self._was_unread = False
        if self.sent_ns:
            now_ns = clock_ns()
            self._connect_ns = now_ns - self.sent_ns
            self.sent_ns = now_ns
            self._transport.write(self._encoded.wire)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._expected_losses:
            self._expected_losses -= 1
            return
        done_ns = clock_ns()
        self._transport = None
        if type(self._reader) is MessageReader:
            self._lose_messages(self._reader, done_ns)
            return
        if not self.sent_ns:
            return
        try:
            response = self._reader.eof() if exc is None else None
        except WireError as error:
            self.fail(str(error))
            return
        if response is not None:
            self._answered(response, done_ns)
        elif self._seen or self._reader.started:
            self._lose("truncated")
        elif self._may_send_again(exc):
            self._common.resent += 1
            self.connect()
        else:
            self._lose("reset")

    def _lose(self, kind: str) -> None:
        """Fail the request whose connection was lost; a server that drops one after the other is left alone."""
        self.setbacks += 1
        self.fail(kind, connected=self.setbacks <= AT_ONCE)

    def eof_received(self) -> None:
        if type(self._reader) is MessageReader:
            return  # the loss is reported next, and is the outcome of the step that is under way, or comes next
        if not self.sent_ns:
            self._disconnect()  # at once: a session may begin before the loss is reported
        elif self._transport is not None:
            self._was_unread = was_closed_before(self._transport.get_extra_info("socket"))

    def _may_send_again(self, exc: Exception | None) -> bool:
        """Whether the server closed the connection, which had carried answers, before it read the request."""
        encoded = self._encoded
        if self._connect_ns:
            return False
        if isinstance(exc, UnreadError):
            return True
        if not may_be_unread(encoded.wire):
            return False
        return (
            self._was_unread
            or isinstance(exc, BrokenPipeError)  # it was gone before the request was written
            or (isinstance(exc, ConnectionResetError) and is_repeatable(encoded.request.method))
        )

    # --- an answer

    def data_received(self, data: bytes) -> None:
        done_ns = clock_ns()
        if data == self._known and not self._seen and self.sent_ns:
            self._answered_again(done_ns, done_ns)
        elif not self.sent_ns:
            self._keep(data)
        elif self._known.startswith(data, self._seen):
            self._arrivals_ns.append(done_ns)
            self._seen += len(data)
            if self._seen == len(self._known):
                self._seen = 0
                self._answered_again(self._first_ns(done_ns), done_ns)
        else:
            self._read(data, done_ns)

    def _first_ns(self, done_ns: int) -> int:
        """When the first piece of an answer came that is at its end; keeps its gaps, if its end was not known ahead.

        None came for a message that was sent one way, or was there before it was asked for.
        """
        arrivals_ns = self._arrivals_ns
        first_ns = arrivals_ns[0] if arrivals_ns else done_ns
        if len(arrivals_ns) > 1 and self._reader.open_ended:
            self._common.file.gaps.add(self._encoded.label, arrivals_ns)
        arrivals_ns.clear()
        return first_ns

    def _answered_again(self, first_ns: int, done_ns: int) -> None:
        """Count the known answer."""
        self._append((self._intended_ns, 0, self.sent_ns, first_ns, done_ns, self._known_tag))
        if done_ns >= self.until_ns:
            self._suspend(self._known_response, done_ns)
        elif self._repeats:
            self._send(done_ns)
        else:
            self._advance(self._known_response, done_ns)

    def _read(self, data: bytes, done_ns: int) -> None:
        """Parse a piece of an answer that is not the known one, or is not any more."""
        self._arrivals_ns.append(done_ns)
        data = self._known[: self._seen] + data
        self._known = _NOTHING
        self._seen = 0
        if len(self._raw) <= _KNOWN_BYTES:
            self._raw += data
        try:
            response = self._reader.feed(data, self._encoded.bodyless)
        except WireError as error:
            self.fail(str(error), at_ns=done_ns)
            return
        if response is not None:
            is_known = self._reader.is_alone and len(self._raw) <= _KNOWN_BYTES
            raw = bytes(self._raw) if is_known else _NOTHING
            if response.status == SWITCHED and not self._switch(response):
                return
            self._raw.clear()
            self._answered(response, done_ns, raw)

    def _answered(self, response: Response, done_ns: int, raw: bytes = _NOTHING) -> None:
        """Hold an answer against what is expected; `raw` is how it came, if it is to be known again."""
        common, encoded, reader = self._common, self._encoded, self._reader
        self.setbacks = 0
        outcome = OK
        if response.status != encoded.expect or encoded.check is not None:
            fault = encoded.request.fault(response)
            if fault is not None:
                outcome = common.file.outcome(fault)
                common.errors += 1
                common.evidence.keep(fault, encoded, done_ns, response)
        known_tag = tag(encoded.label, outcome, reader.worker)
        self._append(
            (self._intended_ns, self._connect_ns, self.sent_ns, self._first_ns(done_ns), done_ns, known_tag)
        )
        if not reader.keep_alive:
            self._disconnect()
        elif outcome == OK and (self._is_one_request or not reader.sets_cookies):
            self._known, self._known_response, self._known_tag = raw, response, known_tag
        if outcome != OK:
            self._finish(done_ns)
            return
        if reader.sets_cookies and not self._is_one_request:
            self._keep_cookies(response)
        if done_ns >= self.until_ns:
            self._suspend(response, done_ns)
        else:
            self._advance(response, done_ns)

    def _keep_cookies(self, response: Response) -> None:
        """Put the cookies of an answer into the session's jar; it is not remembered, as it sets them each time."""
        if self._jar is None:
            self._jar = Jar(self._common.job.address.prefix)
        self._jar.keep(self._encoded.request, response)

    # --- a WebSocket

    def _prepare_switch(self, request: Request, now_ns: int) -> bool:
        """Make ready a handshake, a message, or what comes after them; False for a message without a WebSocket."""
        is_open = type(self._reader) is MessageReader
        if request.method in MESSAGES:
            if not is_open:
                self._request = None
                self._break(ScenarioError(NOT_OPEN, mistakes.flow_place(self._flow)), now_ns)
            return is_open
        if is_open:
            self._leave_messages()
        if self._encoded.expect == SWITCHED:
            self._reader = UpgradeReader()
            self._request = None  # so that the next one is made ready, too
        else:
            self._reader = ResponseReader()
        return True

    def _switch(self, response: Response) -> bool:
        """Talk in messages from here on, where a request asked for it; False where that has failed."""
        upgrade, transport = self._reader, cast(asyncio.Transport, self._transport)
        if type(upgrade) is not UpgradeReader:
            return True
        try:
            self._reader = open_messages(self._encoded.request, response, upgrade, transport.write)
        except WireError as error:
            self.fail(str(error))
            return False
        self._transport = MessageTransport(transport, self._ask)
        if self._ended != self._end_with_messages:
            self._at_end, self._ended = self._ended, self._end_with_messages
        return True

    def _ask(self) -> None:
        """A step went out over the WebSocket: see to it soon where it has nothing to wait for."""
        reader = cast(MessageReader, self._reader)
        if reader.ask(self._encoded.request.method):
            asyncio.get_running_loop().call_soon(self._take, self.sent_ns)

    def _take(self, sent_ns: int) -> None:
        """Count the outcome of a step that had nothing to wait for."""
        reader = self._reader
        if sent_ns != self.sent_ns or type(reader) is not MessageReader:
            return  # it is over by now
        done_ns = clock_ns()
        try:
            response = reader.take()
        except WireError as error:
            self.fail(str(error))
            return
        if response is not None:
            self._answered(response, done_ns)

    def _keep(self, data: bytes) -> None:
        """Bytes while nothing is under way: a WebSocket may push them; an answer that nobody asked for ends it all."""
        if type(self._reader) is MessageReader:
            self._reader.keep(data)
            self._forget()
        else:
            self._disconnect()

    def _forget(self) -> None:
        """Make ready the next step, even if it is the last one again."""
        self._request = None
        self._known = _NOTHING

    def _lose_messages(self, reader: MessageReader, done_ns: int) -> None:
        reader.eof(within=self._seen > 0)
        self._forget()
        if not self.sent_ns:
            return
        try:
            response = reader.take()
        except WireError as error:
            self._lose(str(error))
            return
        if response is not None:
            self._answered(response, done_ns)

    def _leave_messages(self) -> None:
        """Close the WebSocket that the flow has left open."""
        if isinstance(self._transport, MessageTransport):
            self._transport.leave()
            self._transport = None
        self._disconnect()

    def _end_with_messages(self, client: Client, done_ns: int, connected: bool) -> None:
        """The end of a session, unless it goes on later, is that of its WebSocket."""
        if self._held is None and type(self._reader) is MessageReader:
            self._leave_messages()
        self._at_end(client, done_ns, connected)
