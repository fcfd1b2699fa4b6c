"""Caveats of servers that ran already: what is not known of them, and what a ceiling did to their load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.model.attachment import Attachment
from bench.model.plan import Cell, Load, OpenLoad
from bench.model.record import Generator
from bench.results.audit import audit
from bench.results.caveats import INVALIDATING
from tests.bench.results.audit.audited import CLOSED, OPEN, QUIET, SUMMARY

HERE = Attachment()


def found(
    attachment: Attachment | None, *, load: Load = CLOSED, requests: int = 2000, cpus: tuple[int, ...] = (0,)
) -> Mapping[str, str]:
    """The caveats of 2 s with so many requests, by their codes."""
    caveats = audit(
        Cell("s", "x", "native", load),
        replace(SUMMARY, requests=requests, measured_s=2.0),
        replace(QUIET, cpus=cpus),
        Generator(cpu_share=0.3, cpu_us_per_request=10.0),
        attachment=attachment,
    )
    return {caveat.code: caveat.text for caveat in caveats}


def test_the_luck_of_its_process_is_named_and_no_doubt_of_validity() -> None:
    more = set(found(HERE)) - set(found(None))
    assert more == {"same-process"}
    assert more.isdisjoint(INVALIDATING)


def test_processes_that_are_not_known_are_named_with_the_reason() -> None:
    assert "on another machine" in found(replace(HERE, unread="it runs on another machine"))["no-processes"]


def test_elsewhere_nothing_is_said_of_our_cpus() -> None:
    assert "not-pinned" in found(HERE, cpus=())
    assert "not-pinned" not in found(replace(HERE, elsewhere=True), cpus=())


CEILINGS: dict[str, tuple[Load, float, int, bool]] = {
    "a closed load at it": (CLOSED, 100, 182, True),
    "a closed load far below it": (CLOSED, 100, 100, False),
    "no ceiling": (CLOSED, 0, 2000, False),
    "arrivals at it": (OPEN, 100, 180, True),
    "arrivals somewhat below it": (OpenLoad(80, 2.0), 100, 160, False),
    "nothing sent": (CLOSED, 100, 0, False),
}


@pytest.mark.parametrize(("load", "most_rps", "requests", "expected"), CEILINGS.values(), ids=CEILINGS.keys())
def test_a_load_that_the_ceiling_held_back_is_invalid(
    load: Load, most_rps: float, requests: int, expected: bool
) -> None:
    codes = found(replace(HERE, most_rps=most_rps), load=load, requests=requests)
    assert ("ceiling" in codes) is expected
    assert "ceiling" in INVALIDATING


def test_littles_law_is_not_asked_of_users_who_wait_for_their_places() -> None:
    assert "littles-law" in found(HERE, requests=1000)
    assert "littles-law" not in found(replace(HERE, most_rps=10_000), requests=1000)
