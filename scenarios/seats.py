"""Where users sit: the server that each talks to. A user is known by their random numbers, which last as long."""

from __future__ import annotations

from random import Random
from typing import NamedTuple
from weakref import WeakKeyDictionary


class Seat(NamedTuple):
    """A server's address, and what goes before each path on it."""

    host: str = ""
    port: int = 0
    prefix: str = ""


_seats: WeakKeyDictionary[Random, Seat] = WeakKeyDictionary()


def take(rng: Random, host: str, port: int, prefix: str = "") -> None:
    """Say which server a user talks to, whose random numbers these are."""
    _seats[rng] = Seat(host, port, prefix)


def find(rng: Random) -> Seat:
    """The seat of a user; that of nobody's server where none was taken."""
    return _seats.get(rng, Seat())
