from __future__ import annotations

from typing import Literal

import pytest

from bench.model.change import Change, Judgement, Verdict


def judgement(*verdicts: Verdict | None) -> Judgement:
    return Judgement("t", tuple(Change(str(n), "instructions", one) for n, one in enumerate(verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "whole", "status", "lenient"),
    [
        pytest.param((), None, 0, 0, id="nothing was compared"),
        pytest.param((None, None), None, 0, 0, id="there is no base"),
        pytest.param(("no change", "no change"), "no change", 0, 0, id="all the same"),
        pytest.param(("no change", "improved"), "improved", 0, 0, id="one is faster"),
        pytest.param(("improved", "inconclusive"), "inconclusive", 3, 0, id="what is unknown may be slower"),
        pytest.param(("inconclusive", "regressed"), "regressed", 1, 1, id="one slower one decides"),
    ],
)
def test_the_gravest_decides(
    verdicts: tuple[Verdict | None, ...], whole: Verdict | None, status: int, lenient: int
) -> None:
    found = judgement(*verdicts)
    ways: tuple[Literal["pass", "fail"], ...] = ("fail", "pass")
    assert (found.verdict, *map(found.status, ways)) == (whole, status, lenient)
