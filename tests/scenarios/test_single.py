"""Flows of one request."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.model import Request, Response, drive
from scenarios.single import Always, one_of

REQUESTS = tuple(Request("GET", f"/{number}") for number in range(7))
ANSWER = Response(200, b"")


class Given(Random):
    """A generator whose next number is known."""

    def __init__(self, number: float) -> None:
        super().__init__(0)
        self.number = number

    def random(self) -> float:
        return self.number


def requested(flow: object) -> list[Request]:
    return [request for request, _ in drive(flow, lambda _request: ANSWER)]  # type: ignore[arg-type]


def test_always_makes_the_very_request() -> None:
    (request,) = requested(Always(REQUESTS[3])(Random(0)))
    assert request is REQUESTS[3]


@settings(max_examples=50, derandomize=True, database=None)
@given(st.floats(0, 1, exclude_max=True))
def test_one_of_cuts_the_unit_interval_into_equal_parts(number: float) -> None:
    (request,) = requested(one_of(REQUESTS)(Given(number)))
    index = REQUESTS.index(request)
    assert index / 7 <= number + 1e-12
    assert number - 1e-12 <= (index + 1) / 7


def test_one_of_reaches_the_first_and_the_last() -> None:
    flow = one_of(REQUESTS)
    assert requested(flow(Given(0.0))) == [REQUESTS[0]]
    assert requested(flow(Given(1 - 2**-53))) == [REQUESTS[-1]]


def test_one_seed_is_one_choice() -> None:
    flow = one_of(REQUESTS)
    first, again, other = (
        [requested(flow(rng))[0] for _ in range(20)] for rng in (Random(1), Random(1), Random(2))
    )
    assert first == again
    assert first != other
