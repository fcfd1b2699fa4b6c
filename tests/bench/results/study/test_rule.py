"""Where the figures of a rule come from, in words."""

from __future__ import annotations

from dataclasses import replace

from bench.model.plan import ClosedLoad
from bench.model.record import Record
from bench.results.cells import gather
from bench.results.study.ratio import Ratio, ratio
from bench.results.study.rule import Rule, source
from bench.stats.comparison import Comparison
from bench.stats.metrics import CPU
from tests.bench.builders import OPEN, repeats


def ratio_of(base: tuple[Record, ...], head: tuple[Record, ...]) -> Ratio:
    (one,), (other,) = gather(base), gather(head)
    found = ratio(one, other, CPU)
    assert found is not None
    return found


def at(users: int) -> Ratio:
    load = ClosedLoad(users, 3.0)
    return ratio_of(
        repeats("uvicorn", "io-sync", 100, 101, 102, load=load, cpu_us=90.0),
        repeats("uvicorn", "io-async", 100, 101, load=load, cpu_us=60.0),
    )


def test_a_source_names_each_thing_once_and_the_fewest_repeats() -> None:
    assert source([at(8), at(32)]) == "uvicorn: io-async, io-sync; native, 8 and 32 users; 2 rounds"
    assert source([at(1)]) == "uvicorn: io-async, io-sync; native, 1 user; 2 rounds"


def test_loads_of_both_kinds_stand_one_after_the_other() -> None:
    opened = ratio_of(
        repeats("granian-1", "io-sync", 1, load=OPEN), repeats("granian-1", "io-async", 1, load=OPEN)
    )
    assert source([at(8), opened]) == (
        "uvicorn, granian-1: io-async, io-sync; native, 8 users and 400 arrivals/s; 1 round"
    )


def test_a_rule_is_shown_as_its_first_ratio_is() -> None:
    clear = at(8)
    blurred = replace(clear, comparison=Comparison(ratio=1.0, low=0.8, high=1.25, rounds=2))
    same = replace(clear, comparison=Comparison(ratio=1.0, low=0.99, high=1.01, rounds=2))
    assert Rule("write it async def", "0.67 ×", (clear, blurred)).shown
    assert not Rule("write it async def", "1.00 ×", (blurred, clear)).shown
    assert Rule("async and sync are the same", "1.00 ×", (same,)).shown
    assert Rule("write it async def", "0.67 ×", (clear,)).records == source([clear])
