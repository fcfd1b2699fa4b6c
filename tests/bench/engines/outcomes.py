"""The load of most tests of engines, and the samples by outcome and by label."""

from __future__ import annotations

from collections import Counter

from bench.model.plan import ClosedLoad
from bench.model.samples import Samples

USERS = 3
CLOSED = ClosedLoad(USERS, duration_s=0.2, warmup_s=0.0)


def outcomes(rows: Samples) -> Counter[str]:
    return Counter(rows.outcomes[number] for number in rows.outcome)


def labelled(rows: Samples, label: str) -> Samples:
    return rows.rows(rows.label == rows.labels.index(label))
