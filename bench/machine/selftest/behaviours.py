"""The behaviours of truth servers: when, and with what, they answer each request. Pure, standard library only.

A behaviour is data; `start` gives the function that decides on each request by its number (from 0) and its arrival.
Chance comes from a seeded generator, so that a behaviour does the same in every run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Literal, NamedTuple

BODY = b"the truth"
WRONG_BODY = b"a mistake"

Kind = Literal["ok", "wrong-body", "status-500", "reset", "truncated"]
"""How a reply ends, by the names that the engines give the outcome of its request."""

_SEED = 1


class Reply(NamedTuple):
    """A reply at `due_ns` (CLOCK_MONOTONIC), its body in `pieces`, the last of them `over_ns` after the first.

    "reset" closes the connection in place of a reply, "truncated" in the middle of one. `close` closes it after the
    reply, with `Connection: close` where it is `announced`.
    """

    due_ns: int
    kind: Kind = "ok"
    pieces: int = 1
    over_ns: int = 0
    close: bool = False
    announced: bool = False


Decide = Callable[[int, int], Reply]
"""(number, arrived_ns) -> Reply."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Each request takes as long as the others, however many there are; 0 ms answers at once, in one write."""

    service_ms: float = 0.0

    def start(self, _start_ns: int) -> Decide:
        service_ns = _ns(self.service_ms)
        return lambda number, arrived_ns: Reply(arrived_ns + service_ns)


@dataclass(frozen=True, slots=True)
class Queue:
    """A single server that takes one request after the other, in the order of their arrival.

    Under Poisson arrivals that is M/M/1 with exponential service, and M/D/1 with constant service.
    """

    service_ms: float
    service: Literal["exponential", "constant"]

    def start(self, _start_ns: int) -> Decide:
        rng, mean_ns, exponential = Random(_SEED), _ns(self.service_ms), self.service == "exponential"
        free_ns = 0

        def decide(_number: int, arrived_ns: int) -> Reply:
            nonlocal free_ns
            took_ns = round(rng.expovariate(1.0) * mean_ns) if exponential else mean_ns
            free_ns = max(free_ns, arrived_ns) + took_ns
            return Reply(free_ns)

        return decide


@dataclass(frozen=True, slots=True)
class Freezing:
    """Nothing is answered for `for_s` every `every_s`, the first time `first_s` after the first request."""

    service_ms: float
    first_s: float
    every_s: float
    for_s: float

    def start(self, start_ns: int) -> Decide:
        service_ns, first_ns = _ns(self.service_ms), start_ns + int(self.first_s * 1e9)
        every_ns, for_ns = int(self.every_s * 1e9), int(self.for_s * 1e9)

        def decide(_number: int, arrived_ns: int) -> Reply:
            due_ns = arrived_ns + service_ns
            into_ns = (due_ns - first_ns) % every_ns
            frozen = due_ns >= first_ns and into_ns < for_ns
            return Reply(due_ns + for_ns - into_ns if frozen else due_ns)

        return decide

    def freezes(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """When each freeze that began before `end_ns` begins and ends."""
        first_ns, every_ns = start_ns + int(self.first_s * 1e9), int(self.every_s * 1e9)
        return [(at_ns, at_ns + int(self.for_s * 1e9)) for at_ns in range(first_ns, end_ns, every_ns)]


@dataclass(frozen=True, slots=True)
class Bimodal:
    """A share of the requests takes long."""

    service_ms: float
    slow_ms: float
    share: float

    def start(self, _start_ns: int) -> Decide:
        rng, service_ns, slow_ns = Random(_SEED), _ns(self.service_ms), _ns(self.slow_ms)
        return lambda number, arrived_ns: Reply(
            arrived_ns + (slow_ns if rng.random() < self.share else service_ns)
        )


@dataclass(frozen=True, slots=True)
class Drifting:
    """From `after_s` after the first request on, each takes `factor` times as long."""

    service_ms: float
    factor: float
    after_s: float

    def start(self, start_ns: int) -> Decide:
        turn_ns, before_ns = start_ns + int(self.after_s * 1e9), _ns(self.service_ms)
        after_ns = _ns(self.service_ms * self.factor)
        return lambda number, arrived_ns: Reply(
            arrived_ns + (before_ns if arrived_ns < turn_ns else after_ns)
        )


@dataclass(frozen=True, slots=True)
class Faulty:
    """A share of the requests ends as `kind`."""

    service_ms: float
    kind: Kind
    share: float

    def start(self, _start_ns: int) -> Decide:
        rng, service_ns = Random(_SEED), _ns(self.service_ms)
        return lambda number, arrived_ns: Reply(
            arrived_ns + service_ns, self.kind if rng.random() < self.share else "ok"
        )


@dataclass(frozen=True, slots=True)
class Dribbling:
    """The head comes at once, and the body in pieces over a while."""

    pieces: int
    over_ms: float

    def start(self, _start_ns: int) -> Decide:
        return lambda number, arrived_ns: Reply(arrived_ns, pieces=self.pieces, over_ns=_ns(self.over_ms))


@dataclass(frozen=True, slots=True)
class Closing:
    """The connection is closed after each answer, which says so (`Connection: close`) where it is `announced`."""

    service_ms: float
    announced: bool

    def start(self, _start_ns: int) -> Decide:
        service_ns = _ns(self.service_ms)
        return lambda number, arrived_ns: Reply(arrived_ns + service_ns, close=True, announced=self.announced)


Behaviour = Constant | Queue | Freezing | Bimodal | Drifting | Faulty | Dribbling | Closing
_BEHAVIOURS: dict[str, Callable[..., Behaviour]] = {
    kind.__name__: kind for kind in (Constant, Queue, Freezing, Bimodal, Drifting, Faulty, Dribbling, Closing)
}


def encode(behaviour: Behaviour) -> str:
    """A behaviour as a word for a command line."""
    return json.dumps({"behaviour": type(behaviour).__name__, **asdict(behaviour)})


def decode(word: str) -> Behaviour:
    """The behaviour that `encode` wrote."""
    fields: dict[str, Any] = json.loads(word)
    return _BEHAVIOURS[fields.pop("behaviour")](**fields)


def _ns(ms: float) -> int:
    return round(ms * 1e6)
