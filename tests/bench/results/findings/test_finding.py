"""The words that findings share."""

from __future__ import annotations

from bench.model.record import Caveat
from bench.results.cells import gather
from bench.results.findings.finding import (
    NOT_SHOWN,
    SAME,
    caveats_of,
    evident,
    rate,
    silent_words,
    verdict_words,
    word,
)
from bench.stats.comparison import Comparison
from bench.stats.metrics import THROUGHPUT
from tests.bench.builders import record, repeats


def test_a_ratio_is_told_only_where_the_repeats_lie_apart() -> None:
    fast, slow, blurred = gather(
        (
            *repeats("a-fast", "noop-async", 200, 210),
            *repeats("b-slow", "noop-async", 100, 105),
            *repeats("c-blurred", "noop-async", 90, 300),
        )
    )
    shown, hidden = fast.against(slow, THROUGHPUT), blurred.against(slow, THROUGHPUT)
    assert evident(shown) is shown
    assert word(shown) == "2.00 ×"
    assert evident(hidden) is None
    assert word(hidden) == word(None) == "~"
    assert evident(None) is None


def test_a_rate_is_the_median_with_its_range() -> None:
    (cell,) = gather(repeats("uvicorn", "noop-async", 9145, 9165, 9260))
    assert rate(cell) == "uvicorn 9,165 (9,145 to 9,260) req/s"


def test_caveats_of_several_cells_stand_once_by_code() -> None:
    steal, errors = Caveat("steal", "4 %"), Caveat("errors", "1 of 3")
    cells = gather((record("a", caveats=(steal,)), record("b", caveats=(steal, errors))))
    assert caveats_of(cells) == (errors, steal)


def test_what_is_the_same_and_what_is_open_have_a_sentence_each() -> None:
    same = Comparison(ratio=1.0, low=0.99, high=1.01, rounds=6)
    open_ = Comparison(ratio=1.0, low=0.9, high=1.1, rounds=6)
    shown = Comparison(ratio=2.0, low=1.9, high=2.1, rounds=6)
    found = list(silent_words({"a": same, "b": open_, "c": shown, "d": None, "e": same}))
    assert [("a and e" in one, "For b " in one) for one in found] == [(True, False), (False, True)]
    assert SAME in found[0]
    assert NOT_SHOWN in found[1]
    assert [word(one) for one in (same, open_, shown)] == [SAME, "~", "2.00 ×"]
    assert [verdict_words(one) for one in (same, open_, shown)] == [SAME, NOT_SHOWN, "2.00 × (1.90 to 2.10)"]
