"""Which caveats make a record invalid."""

from __future__ import annotations

import pytest

from bench.model.record import Caveat
from bench.results.caveats import INVALIDATING, is_valid


@pytest.mark.parametrize(
    "code", ["errors", "rate-not-reached", "shed", "generator-saturated", "throttled", "one-cpu"], ids=str
)
def test_these_make_a_record_invalid(code: str) -> None:
    assert not is_valid([Caveat("steal", ""), Caveat(code, "")])


def test_every_other_caveat_leaves_it_valid() -> None:
    others = (
        "lag",
        "steal",
        "other-load",
        "uneven-workers",
        "few-samples",
        "littles-law",
        "counts-do-not-reconcile",
        "times-do-not-fit",
        "not-pinned",
        "victim",
        "stalled",
        "drift",
        "generator-stalled",
        "shared-core",
        "unchecked",
        "long-session",
        "victim-grows",
    )
    assert is_valid([Caveat(code, "") for code in others])
    assert INVALIDATING.isdisjoint(others)
