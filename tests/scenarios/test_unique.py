"""No value comes twice: in one process, in two, or in a forked one."""

from __future__ import annotations

import multiprocessing
import re

from scenarios.unique import unique


def some(count: int = 1000) -> list[str]:
    return [unique() for _ in range(count)]


def test_values_differ_and_have_one_shape() -> None:
    values = some()
    assert len(set(values)) == 1000
    assert all(re.fullmatch("[0-9a-f]{24}", one) for one in values)


def test_values_of_processes_differ_however_they_were_started() -> None:
    known = set(some())
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            for values in pool.map(some, [500, 500]):
                assert not known & set(values)
                known |= set(values)
    assert len(known) == 3000
