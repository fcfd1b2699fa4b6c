"""The checks that both apps pass."""

from __future__ import annotations

from random import Random

import pytest

from scenarios.model import Request, Response
from tools.reference.scenarios import SCENARIOS


@pytest.mark.parametrize("kind", ["json", "plaintext"])
def test_a_greeting_may_have_either_case(kind: str) -> None:
    request = next(SCENARIOS[f"their-{kind}"].session(Random(1)))
    assert isinstance(request, Request)
    faults = [request.fault(Response(200, body)) for body in (b"Hello, World!", b"Hello, world!", b"Bye")]
    assert faults == [None, None, "wrong-body"]


def test_the_kinds_are_those_of_the_entry() -> None:
    kinds = ("json", "plaintext", "db", "queries", "updates", "fortunes")
    assert set(SCENARIOS) == {f"their-{kind}" for kind in kinds}
