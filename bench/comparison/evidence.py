"""What the spread of two measurements allows to say: regressed, improved, no change, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bench.stats import Comparison, Estimate, compare
from bench.verdict import Change, Verdict

Better = Literal["higher", "lower"]


def judged(
    change: Change, base: Estimate | None, new: Estimate | None, better: Better, threshold: float
) -> Change:
    """The change with its figures and its verdict; `low` and `high` are the extreme ratios of the two ranges.

    A change counts where the two ranges lie apart and the medians differ by more than the threshold, a share. There is
    none where all of the one range lies within the threshold of all of the other. Between the two lies what nobody
    knows; the ranges of single figures show nothing.
    """
    told = replace(
        change,
        verdict="inconclusive",
        base=base.median if base else None,
        head=new.median if new else None,
        margin=threshold,
    )
    found = compare(base, new)
    if base is None or new is None or found is None:
        return replace(told, why=(*change.why, "there is no figure to divide by"))
    told = replace(told, ratio=found.ratio, low=found.low, high=found.high)
    if min(base.n, new.n) < 2:
        return replace(told, why=(*change.why, "a single repeat has no spread, so it shows nothing"))
    return replace(
        told,
        verdict=_verdict(found, better, threshold),
        mde=max(threshold, _smallest(base, new, better)),
    )


def _verdict(found: Comparison, better: Better, threshold: float) -> Verdict:
    if found.shown and abs(found.ratio - 1) > threshold:
        return "improved" if found.verdict == better else "regressed"
    return "no change" if 1 - threshold <= found.low and found.high <= 1 + threshold else "inconclusive"


def _smallest(base: Estimate, new: Estimate, better: Better) -> float:
    """The smallest worsening that would drive ranges of these widths apart, as a share."""
    if new.low <= 0:
        return 1.0
    if better == "lower":
        return (base.high / base.median) / (new.low / new.median) - 1
    return 1 - (base.low / base.median) / (new.high / new.median)
