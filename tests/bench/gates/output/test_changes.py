from __future__ import annotations

import pytest

from bench.gates.output.changes import summary
from bench.model.change import Change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            Change(
                "a", "cpu", "regressed", base=200.0, head=206.0, ratio=1.03, low=1.02, high=1.04, unit="µs"
            ),
            "cpu: +3.00 %, between +2.00 and +4.00 %, from 200 µs to 206 µs",
            id="all is known",
        ),
        pytest.param(Change("a", "cpu", "regressed", ratio=1.03), "cpu: +3.00 %", id="only the ratio"),
        pytest.param(Change("a", "cpu", "inconclusive", head=70.0), "cpu: inconclusive", id="one side"),
    ],
)
def test_a_sentence_holds_what_is_known(change: Change, said: str) -> None:
    assert summary(change) == said
