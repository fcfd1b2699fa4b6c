"""A claim about FastAPI: a sentence, and the ratios that it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.stats.metrics import THROUGHPUT, Metric


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two cells that are to meet at every load they share, as (setup, scenario), and the metric in which they do."""

    base: tuple[str, str]
    head: tuple[str, str]
    metric: Metric = THROUGHPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence, and what it says of each ratio.

    It is higher or lower than 1; or alike, within the factor; or it scales, which is to reach the factor, and takes a
    core for each worker. Where it `saves`, the bytes that compression saves are added to the figures.
    """

    text: str
    meetings: tuple[Meeting, ...]
    says: Literal["higher", "lower", "alike", "scales"] = "higher"
    factor: float = 1.0
    saves: bool = False
