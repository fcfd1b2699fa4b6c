"""The price of a request in turns of a loop."""

from __future__ import annotations

from dataclasses import replace

from tools.calibration.gate_run import Price


def test_turns_that_make_a_request_dearer_by_a_share() -> None:
    price = Price(
        gate="paired", scenario="noop-async", request=100.0, turn=0.02, commit="abc", machine="a machine"
    )
    assert price.turns(0.05) == 250  # 5 us of 100 us, at 20 ns each
    assert replace(price, empty=1.0).turns(0.05) == 200  # 1 us goes to the loop itself
    assert price.turns(0.00001) == 1
