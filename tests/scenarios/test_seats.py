"""A user's server is known for as long as the user is."""

from __future__ import annotations

import gc
from random import Random

from scenarios import seats
from scenarios.seats import Seat


def test_users_of_equal_numbers_have_seats_of_their_own() -> None:
    one, other, nobody = Random(1), Random(1), Random(1)
    seats.take(one, "127.0.0.1", 80)
    seats.take(other, "::1", 81, "/shop")
    assert [seats.find(rng) for rng in (one, other, nobody)] == [
        Seat("127.0.0.1", 80, ""),
        Seat("::1", 81, "/shop"),
        Seat("", 0, ""),
    ]


def test_users_who_are_gone_take_no_room() -> None:
    gc.collect()  # of other tests
    before = len(seats._seats)
    rng = Random(1)
    seats.take(rng, "127.0.0.1", 80)
    assert len(seats._seats) == before + 1
    del rng
    gc.collect()
    assert len(seats._seats) == before
