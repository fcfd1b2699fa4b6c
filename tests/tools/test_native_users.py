"""What the tool makes of counts and CPU times by the second."""

from __future__ import annotations

import pytest

from bench.errors import EngineError
from bench.report.text import render
from tools.native_users import UserRate, main, rate_of, table

REQUESTS = {100: 5, 101: 80, 102: 90, 103: 1000, 104: 1200, 105: 1100, 106: 30}
CPU_S = {101: 1.0, 102: 1.9, 103: 2.5, 104: 3.0, 105: 3.6, 106: 4.0, 107: 4.1}


def test_whole_seconds_count_without_the_first_and_the_last() -> None:
    """Those of 103, 104 and 105, which took 1.5 s of CPU time."""
    rate = rate_of(REQUESTS, CPU_S)
    assert rate.per_s == pytest.approx(1100)
    assert rate.per_core_s == pytest.approx(3300 / 1.5)


def test_a_second_whose_cpu_time_is_not_known_does_not_count() -> None:
    del (known := dict(CPU_S))[104]  # the end of 103, the begin of 104
    with pytest.raises(EngineError, match="--seconds"):
        rate_of(REQUESTS, known)


def test_the_ratio_is_that_of_each_pair() -> None:
    rates = {
        "fast": [UserRate(1000, 2000), UserRate(2000, 2000), UserRate(1000, 1000)],
        "native": [UserRate(10_000, 30_000), UserRate(30_000, 50_000), UserRate(12_000, 10_000)],
    }
    shown = table("t", rates)
    assert [row.entries for row in shown.rows] == [
        ("fast", "1,000", "1,000 to 2,000", "2,000", "1,000 to 2,000"),
        ("native", "12,000", "10,000 to 30,000", "30,000", "10,000 to 50,000"),
        ("native/fast", "12.0", "10.0 to 15.0", "15.0", "10.0 to 25.0"),
    ]
    assert "native/fast" in render(shown)


def test_a_setup_that_is_not_there_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--setup", "no-such"]) == 2
    assert "no-such" in capsys.readouterr().err
