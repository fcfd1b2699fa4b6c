"""The last line of a part file."""

from __future__ import annotations

import pytest

from bench.inside._fastapi_bench_exact.parts import total


def test_the_total_is_in_the_last_line_and_not_in_the_summary() -> None:
    assert total("events: Ir\nsummary: 1234\n\nfn=a\n1 1050\ntotals: 1050\n") == 1050


def test_a_file_that_is_cut_off_has_none() -> None:
    with pytest.raises(ValueError, match="no finished part file"):
        total("events: Ir\nsummary: 1234\n\nfn=a\n1 1050\n")
