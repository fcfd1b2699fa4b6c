"""Flows of one request: most scenarios are such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import final

from scenarios.model import Flow, Request


@final
@dataclass(frozen=True)  # without slots, which Python 3.9 lacks: a service's own Python reads this, too
class Always:
    """A flow that makes this request, once per session. A driver may test for this type and repeat the request."""

    request: Request

    def __call__(self, _rng: Random, _state: object = None) -> Flow:
        yield self.request


def one_of(requests: Sequence[Request]) -> Callable[[Random], Flow]:
    """A flow that makes one of these requests, each with the same probability."""
    count = len(requests)

    def flow(rng: Random) -> Flow:
        yield requests[int(rng.random() * count)]  # a third of the cost of rng.choice

    return flow


def with_headers(request: Request, headers: tuple[tuple[str, str], ...]) -> Request:
    """The request with these headers added."""
    return request._replace(headers=request.headers + headers) if headers else request
