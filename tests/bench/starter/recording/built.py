"""Exchanges and files of scenarios as tests need them."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from bench.starter.recording.exchanges import Answer, Exchange
from bench.starter.recording.journey import Journey, make_journey
from bench.starter.recording.journey_file import render_journey
from scenarios.files import load
from scenarios.model import Flow, Request, Response

HOST = "http://shop.test"


def exchange(
    method: str,
    target: str,
    data: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    kind: str = "application/json",
    status: int = 200,
    answered: object = None,
    answer_headers: Sequence[tuple[str, str]] = (),
) -> Exchange:
    """An exchange with a JSON body, or another one of a kind, and a JSON answer, or one with other headers."""
    sent = dict(headers or {})
    if data is not None:
        body = json.dumps(data).encode()
    if body:
        sent["Content-Type"] = kind
    text = (
        answered
        if isinstance(answered, bytes)
        else json.dumps(answered).encode()
        if answered is not None
        else b""
    )
    back = list(answer_headers)
    if text and not any(name == "Content-Type" for name, _ in back):
        back.append(("Content-Type", "application/json"))
    return Exchange(
        where="entry 1",
        method=method,
        url=urllib.parse.urlsplit(HOST + target),
        headers=tuple(sent.items()),
        body=body,
        answer=Answer(status=status, headers=tuple(back), body=text),
    )


def flow_of(exchanges: Sequence[Exchange], folder: Path) -> Flow:
    """A session of the scenario that is written for some exchanges."""
    return flow_of_journey(make_journey("shop", exchanges), folder)


def flow_of_journey(journey: Journey, folder: Path, has_pauses: bool = False) -> Flow:
    """A session of the scenario that is written for a journey."""
    path = folder / "written.py"
    path.write_text(render_journey(journey, "A test.", "A test.", has_pauses), encoding="utf-8")
    return load(path)["shop"].flow(Random(0))


def requests_of(flow: Flow, answers: Sequence[Response | object] = ()) -> Iterator[Request]:
    """The requests of a flow that gets these answers, as JSON where they are not responses; then empty ones."""
    waiting = [each if isinstance(each, Response) else as_json(each) for each in answers]
    request = next(flow)
    while True:
        assert isinstance(request, Request)
        yield request
        try:
            request = flow.send(waiting.pop(0) if waiting else Response(200, b"{}"))
        except StopIteration:
            return


def as_json(value: object) -> Response:
    """A response with a value as JSON."""
    return Response(200, json.dumps(value).encode(), b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
