"""The user's code is found behind whatever of this package it called."""

from __future__ import annotations

from pathlib import Path
from random import Random

from scenarios.callers import beside_caller, caller
from scenarios.model import Flow, Request, Scenario


def flow(rng: Random) -> Flow:
    yield Request("GET", "/")


def test_the_caller_is_whoever_is_not_of_the_package() -> None:
    frame = caller()
    assert frame is not None
    assert frame.f_code.co_filename == __file__
    seen = []

    class Tags(tuple[str, ...]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            seen.append(caller())
            return super().__iter__()

    Scenario("a", flow, tags=Tags(("x",)))
    assert [frame.f_code.co_filename for frame in seen if frame] == [__file__]


def test_paths_start_from_the_callers_file() -> None:
    assert beside_caller("a.csv") == Path(__file__).with_name("a.csv")
    assert beside_caller("/a.csv") == Path("/a.csv")
