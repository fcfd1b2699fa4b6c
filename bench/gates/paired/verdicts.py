"""What is said of changes once they are judged: confirmed or not, contaminated or not, failed, or still open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bench.gates.paired.judging import (
    ERRORS,
    LOOKS,
    PRIMARY,
    Evidence,
    confirmed,
    evidence,
    pairs_to_decide,
    shift,
)
from bench.gates.paired.observation import Observation
from bench.model.change import Change

MOST_PAIRS = 32
_TIMES = 3


def is_suspect(change: Change) -> bool:
    """Whether it would be said to have changed."""
    return change.verdict in ("regressed", "improved")


def is_open(change: Change) -> bool:
    """Whether a comparison goes on for its sake."""
    return change.verdict == "inconclusive" and not change.beside


def is_decided(mine: Sequence[Change]) -> bool:
    """One metric that is worse decides for a scenario; else every one must be decided."""
    return any(change.verdict == "regressed" for change in mine) or not any(map(is_open, mine))


def settled(before: Sequence[Change], now: Sequence[Change], fresh: Sequence[Evidence]) -> list[Change]:
    """The changes `now`, over all pairs; called so only where the pairs `before` and the fresh ones show it, too."""
    seemed = {(one.name, one.metric): one for one in before}
    by_row = {(one.name, one.metric): one for one in fresh}
    return [
        _settled(seemed.get((one.name, one.metric)), one, by_row.get((one.name, one.metric))) for one in now
    ]


def _settled(before: Change | None, now: Change, fresh: Evidence | None) -> Change:
    if before is None or not is_suspect(before):
        return replace(now, verdict="inconclusive") if is_suspect(now) else now
    if now.verdict == "no change" or (now.verdict == before.verdict and fresh and confirmed(before, fresh)):
        return now
    by = "" if before.ratio is None else f" by {before.ratio - 1:+.1%}"
    why = f"fresh processes do not confirm it: it seemed to have {before.verdict}{by}"
    return replace(now, verdict="inconclusive", why=(*now.why, why))


def uncontaminated(found: Sequence[Change], control: Sequence[Observation]) -> list[Change]:
    """Where the control has moved, the machine has: what changed by less than three times that may be its doing.

    Requests that failed are facts all the same.
    """
    failed = sum(one.base.errors + one.head.errors for one in control)
    moved = {one.metric: shift(one) for one in evidence({"": control}) if one.metric in PRIMARY}
    furthest = max(map(abs, moved.values()), default=0.0)
    if failed:
        why = f"contaminated: {failed} requests to the control failed, which no change of the app can touch"
    else:
        why = f"contaminated: the control moved by {math.expm1(furthest):.1%}, which no change of the app can touch"

    def is_doubtful(change: Change) -> bool:
        size = abs(math.log(change.ratio)) if change.ratio else 0.0
        return is_suspect(change) and change.metric != ERRORS and (failed > 0 or size < _TIMES * furthest)

    return [
        replace(each, verdict="inconclusive", why=(*each.why, why)) if is_doubtful(each) else each
        for each in found
    ]


def counted(change: Change, seen: Sequence[Observation]) -> Change:
    """With what failed and where, in words, where the change is one of errors."""
    if change.metric != ERRORS:
        return change
    requests = [sum(getattr(one, side).requests for one in seen) for side in ("base", "head")]
    faults = sorted({fault for one in seen for fault in (*one.base.faults, *one.head.faults)})
    more = sum(one.head.error_share > one.base.error_share for one in seen)
    fewer = sum(one.head.error_share < one.base.error_share for one in seen)
    why = (
        f"{', '.join(faults)}; {change.base:,.0f} of {requests[0]:,} requests failed in the base and "
        f"{change.head:,.0f} of {requests[1]:,} in the head; of {len(seen)} pairs {more} had more failures in the head "
        f"and {fewer} in the base"
    )
    return replace(change, why=(why, *change.why))


def explained(change: Change, found: Sequence[Evidence], pairs: int, seconds: float, margin: float) -> Change:
    """With what would decide it, where it is open; `pairs` were started for each look, `seconds` given a scenario."""
    one = next((one for one in found if (one.name, one.metric) == (change.name, change.metric)), None)
    needed = pairs_to_decide(one, margin) if one and is_open(change) else None
    if needed is None:
        return change
    each_look = max(pairs + 1, math.ceil(1.2 * needed / LOOKS))  # a fifth more, as the estimate is one itself
    if each_look > MOST_PAIRS:
        said = (
            f"about {needed:,} pairs would decide it, more than this can start; a quieter machine needs fewer"
        )
    else:
        time_s = seconds * each_look / pairs
        said = f"about {needed} pairs would decide it, {time_s:,.0f} s: --pairs {each_look} --seconds {time_s:.0f}"
    return replace(change, why=(*change.why, said))
