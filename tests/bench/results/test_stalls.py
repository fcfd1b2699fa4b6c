"""Stretches without an answer, against a plain search; in one part and in many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.samples import Recording, Samples
from bench.results.stalls import stalls_ns

ROWS = st.lists(
    st.tuples(st.integers(-50, 120), st.integers(0, 60), st.integers(0, 1)), min_size=1, max_size=30
)


def samples(rows: list[tuple[int, int, int]]) -> Samples:
    """Rows of (due, took, outcome) in a measured part from 0 to 100."""
    due, took, outcome = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    zeros = np.zeros(len(rows), np.int64)
    return Samples(
        intended_ns=due,
        connect_ns=zeros,
        sent_ns=due,
        first_ns=due + took,
        done_ns=due + took,
        label=zeros,
        outcome=outcome,
        worker=zeros,
        labels=("GET /",),
        outcomes=("ok", "timeout"),
        start_ns=0,
        end_ns=100,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InParts(Recording):
    """Samples in parts of some moments, the last first."""

    whole: Samples
    rows: int

    def parts(self) -> Iterator[Samples]:
        ends_ns = np.unique(self.whole.done_ns)
        for end in range(len(ends_ns), 0, -self.rows):
            yield self.whole.rows(np.isin(self.whole.done_ns, ends_ns[max(0, end - self.rows) : end]))

    def map(self, change: Callable[[Samples], Samples]) -> Recording:
        raise NotImplementedError


def in_parts(whole: Samples, rows: int) -> InParts:
    shared: dict[str, Any] = {field.name: getattr(whole, field.name) for field in fields(Recording)}
    return InParts(whole=whole, rows=rows, **shared)


def by_hand(rows: list[tuple[int, int, int]], least_ns: int) -> list[int]:
    """After each good answer, and at the start: from when somebody who has no answer yet was due, to the next one."""
    good = sorted(due + took for due, took, outcome in rows if outcome == 0 and due + took >= 0)
    found = []
    for before, after in zip([-1, *good], [*good, 100], strict=True):
        waiting = [due for due, took, _ in rows if due + took > before]
        if waiting:
            length = min(after, 100) - max(min(waiting), before, 0)
            found += [length] if length > least_ns else []
    return sorted(found)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(ROWS, st.integers(1, 10), st.sampled_from([0, 5, 30]))
def test_stretches_are_those_of_a_plain_search_however_the_rows_come(
    rows: list[tuple[int, int, int]], size: int, least_ns: int
) -> None:
    whole = samples(rows)
    for recording in (whole, in_parts(whole, size)):
        assert sorted(stalls_ns(recording, least_ns / 1e7).tolist()) == by_hand(rows, least_ns)
