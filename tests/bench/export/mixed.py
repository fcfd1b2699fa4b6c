"""A run with a cell that holds an invalid repeat."""

from __future__ import annotations

from bench.model.record import Caveat
from tests.bench.builders import record, recorded, repeats

STEAL = Caveat("steal", "3 %")
SATURATED = Caveat("generator-saturated", "90 %")
MIXED = recorded(
    *repeats("good", "noop-async", 1, 2),
    record("half", repeat=0, caveats=(STEAL,)),
    record("half", repeat=1, valid=False, caveats=(SATURATED,)),
)
