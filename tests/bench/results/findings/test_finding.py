"""The words that findings share."""

from __future__ import annotations

from bench.model.record import Caveat
from bench.results.cells import gather
from bench.results.findings.finding import caveats_of, evident, rate, word
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
