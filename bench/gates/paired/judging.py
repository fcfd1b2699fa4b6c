"""Pairs -> verdicts: how much each metric changed, how certain that is, and what would decide what is still open."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.gates.paired.design import ALPHA_CONFIRM, ALPHA_CONTROL, ALPHA_LOOK, LOOKS
from bench.gates.paired.observation import ARMS, METRICS, ArmName, Observation
from bench.gates.paired.power import mde, pairs_needed
from bench.model.change import HIGHER_IS_WORSE, Change, Verdict
from bench.stats import sign_test
from bench.stats.multiple_comparisons import holm
from bench.stats.signed_rank import hodges_lehmann, p_above, p_value

ERRORS = "errors"
PRIMARY = ("cpu", "throughput")
"""The metrics that a comparison goes on for; the others can regress, but never extend it."""

MARGINS = {"cpu": 1.0, "throughput": 1.0, "p50": 2.5, "p99": 5.0, "memory": 0.5}
"""How many times the margin each metric may move and count as unchanged."""
_UNITS = {"cpu": "µs/req", "throughput": "req/s", "p50": "ms", "p99": "ms", "memory": "MB"}

MOST_PAIRS = 32
_TIMES_CONTROL = 3
"""A change counts although the control has moved where it is at least so many times as large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedEvidence:
    """One metric over all pairs: the difference in each pair, and the figures of base and head.

    Differences are logarithms of head / base; those of errors are the head's share of failed requests less the base's.
    """

    name: str
    metric: str
    differences: tuple[float, ...]
    base: float | None
    head: float | None

    @property
    def sd(self) -> float | None:
        """The standard deviation of a pair; None of a single one."""
        return statistics.stdev(self.differences) if len(self.differences) > 1 else None

    @property
    def fails_always(self) -> bool:
        """Whether requests failed in the head of every pair, and in no base."""
        return self.metric == ERRORS and not self.base and all(value > 0 for value in self.differences)


# --- evidence


def evidence(pairs: Mapping[str, Sequence[Observation]]) -> list[PairedEvidence]:
    """The evidence for every metric of every scenario, from observations by scenario; errors, if any, come first."""
    members = []
    for name, observations in pairs.items():
        members += _error_evidence(name, observations)
        for metric in METRICS:
            logs = tuple(log for one in observations if (log := one.log_ratio(metric)) is not None)
            if logs:
                base, head = (_median_level(observations, metric, arm) for arm in ARMS)
                members.append(
                    PairedEvidence(name=name, metric=metric, differences=logs, base=base, head=head)
                )
    return members


def _median_level(observations: Sequence[Observation], metric: str, arm: ArmName) -> float | None:
    levels = [level for one in observations if (level := one.level(metric, arm)) is not None]
    return statistics.median(levels) if levels else None


def _error_evidence(name: str, observations: Sequence[Observation]) -> list[PairedEvidence]:
    base, head = (sum(getattr(one, arm).errors for one in observations) for arm in ARMS)
    if not base and not head:
        return []
    shares = tuple(one.head.error_share - one.base.error_share for one in observations)
    return [PairedEvidence(name=name, metric=ERRORS, differences=shares, base=base, head=head)]


def memory_evidence(name: str, pools: Sequence[tuple[int, int]]) -> PairedEvidence:
    """The evidence for memory, from the bytes of base and head in each pair."""
    logs = tuple(math.log(head / base) for base, head in pools)
    base, head = (statistics.median(pair[place] for pair in pools) / 1e6 for place in (0, 1))
    return PairedEvidence(name=name, metric="memory", differences=logs, base=base, head=head)


# --- verdicts of a look


def judge(members: Sequence[PairedEvidence], margin: float, tests: int = 0) -> list[Change]:
    """A change per metric; with several scenarios, p-values are adjusted for their number (Holm), metric by metric.

    Errors regress or stay inconclusive: by a sign test over pairs at the level that is left for one side, or because
    requests failed in the head of every pair and in no base. `tests` is the number of scenarios where there are more
    than these; `margin` is the share up to which CPU and throughput count as unchanged, other metrics have multiples of
    it.
    """
    changes = []
    for metric in dict.fromkeys(one.metric for one in members):
        of_metric = [one for one in members if one.metric == metric]
        adjusted = holm([_p(one) for one in of_metric], tests)
        changes += [_change(one, p, margin) for one, p in zip(of_metric, adjusted, strict=True)]
    order = {(one.name, one.metric): place for place, one in enumerate(members)}
    return sorted(changes, key=lambda change: order[change.name, change.metric])


def _p(one: PairedEvidence) -> float:
    return sign_test.p_above(one.differences) if one.metric == ERRORS else p_value(one.differences)


def _change(one: PairedEvidence, p: float, margin: float) -> Change:
    if one.metric == ERRORS:
        worse = p <= ALPHA_LOOK / 2 or one.fails_always
        verdict: Verdict = "regressed" if worse else "inconclusive"
        return Change(one.name, ERRORS, verdict, base=one.base, head=one.head)
    interval = hodges_lehmann(one.differences, ALPHA_LOOK)
    limit = math.log1p(margin * MARGINS[one.metric])
    is_evident = p <= ALPHA_LOOK and not interval.low <= 0 <= interval.high
    if -limit < interval.low and interval.high < limit:
        verdict = "no change"  # a proof as well: the whole interval lies within the margin
    elif is_evident:
        verdict = "regressed" if (interval.estimate > 0) == HIGHER_IS_WORSE[one.metric] else "improved"
    else:
        verdict = "inconclusive"
    if p > ALPHA_LOOK and not interval.low <= 0 <= interval.high:
        # Nothing is shown at the level that Holm leaves for one scenario of many: widen the interval to that level.
        interval = hodges_lehmann(one.differences, ALPHA_LOOK * _p(one) / p)
    return Change(
        one.name,
        one.metric,
        verdict,
        base=one.base,
        head=one.head,
        ratio=math.exp(interval.estimate),
        low=math.exp(interval.low) if math.isfinite(interval.low) else None,
        high=math.exp(interval.high) if math.isfinite(interval.high) else None,
        mde=_mde(one),
        unit=_UNITS[one.metric],
        beside=one.metric not in PRIMARY,
        margin=margin * MARGINS[one.metric],
    )


def _mde(one: PairedEvidence) -> float | None:
    """The smallest change found, with a confirmation of as many pairs as a look has; None where none can be found."""
    pairs = len(one.differences)
    share = mde(one.sd, pairs, max(1, pairs // LOOKS)) if one.sd else math.inf
    return share if math.isfinite(share) else None


def is_suspect(change: Change) -> bool:
    """Whether it seems to have changed, and fresh processes must confirm it."""
    return change.verdict in ("regressed", "improved")


def is_open(change: Change) -> bool:
    """Whether a comparison goes on because of it."""
    return change.verdict == "inconclusive" and not change.beside


def is_decided(changes: Sequence[Change]) -> bool:
    """Whether a scenario needs no further look: one metric has regressed, or none is open."""
    return any(change.verdict == "regressed" for change in changes) or not any(map(is_open, changes))


# --- confirmation by fresh pairs


def is_confirmed(change: Change, fresh: PairedEvidence) -> bool:
    """Whether fresh pairs show a change in the same direction."""
    if change.metric == ERRORS:
        return sign_test.p_above(fresh.differences) <= ALPHA_CONFIRM
    assert change.ratio is not None
    logs = fresh.differences if change.ratio > 1 else [-log for log in fresh.differences]
    return p_above(logs) <= ALPHA_CONFIRM


def confirm(
    earlier: Sequence[Change], now: Sequence[Change], fresh: Sequence[PairedEvidence]
) -> list[Change]:
    """The changes `now`, over all pairs, inconclusive unless the `earlier` ones and the fresh pairs show them, too."""
    suspected = {(one.name, one.metric): one for one in earlier}
    by_row = {(one.name, one.metric): one for one in fresh}
    return [
        _confirm(suspected.get((one.name, one.metric)), one, by_row.get((one.name, one.metric)))
        for one in now
    ]


def _confirm(earlier: Change | None, now: Change, fresh: PairedEvidence | None) -> Change:
    if earlier is None or not is_suspect(earlier):
        return replace(now, verdict="inconclusive") if is_suspect(now) else now
    if now.verdict == "no change" or (
        now.verdict == earlier.verdict and fresh and is_confirmed(earlier, fresh)
    ):
        return now
    by = "" if earlier.ratio is None else f" by {earlier.ratio - 1:+.1%}"
    why = f"fresh processes do not confirm it: it seemed to have {earlier.verdict}{by}"
    return replace(now, verdict="inconclusive", why=(*now.why, why))


# --- the control


def shift(control: PairedEvidence) -> float:
    """How far the control has moved, as the logarithm of a ratio; 0 without evidence at 1 %."""
    interval = hodges_lehmann(control.differences, ALPHA_CONTROL)
    return interval.estimate if interval.low > 0 or interval.high < 0 else 0.0


def open_contaminated(changes: Sequence[Change], control: Sequence[Observation]) -> list[Change]:
    """The changes, inconclusive where the machine may be the cause: they are less than three times the control's shift.

    Failed requests are facts all the same.
    """
    failed = sum(one.base.errors + one.head.errors for one in control)
    shifts = [shift(one) for one in evidence({"": control}) if one.metric in PRIMARY]
    furthest = max(map(abs, shifts), default=0.0)
    if failed:
        why = f"contaminated: {failed} requests to the control failed, which no change of the app can touch"
    else:
        why = f"contaminated: the control moved by {math.expm1(furthest):.1%}, which no change of the app can touch"

    def is_doubtful(change: Change) -> bool:
        size = abs(math.log(change.ratio)) if change.ratio else 0.0
        is_small = failed > 0 or size < _TIMES_CONTROL * furthest
        return is_suspect(change) and change.metric != ERRORS and is_small

    return [
        replace(each, verdict="inconclusive", why=(*each.why, why)) if is_doubtful(each) else each
        for each in changes
    ]


# --- explanations


def add_error_counts(change: Change, observations: Sequence[Observation]) -> Change:
    """The change; of errors, with a sentence on which requests failed and where."""
    if change.metric != ERRORS:
        return change
    requests = [sum(getattr(one, arm).requests for one in observations) for arm in ARMS]
    faults = sorted({fault for one in observations for fault in (*one.base.faults, *one.head.faults)})
    more = sum(one.head.error_share > one.base.error_share for one in observations)
    fewer = sum(one.head.error_share < one.base.error_share for one in observations)
    why = (
        f"{', '.join(faults)}; {change.base:,.0f} of {requests[0]:,} requests failed in the base and "
        f"{change.head:,.0f} of {requests[1]:,} in the head; of {len(observations)} pairs {more} had more failures in "
        f"the head and {fewer} in the base"
    )
    return replace(change, why=(why, *change.why))


def pairs_to_decide(one: PairedEvidence, margin: float) -> int | None:
    """How many pairs would decide, if things stay so; None of a single pair and of errors, which have no interval."""
    if one.sd is None or one.metric == ERRORS:
        return None
    limit = math.log1p(margin * MARGINS[one.metric])
    return pairs_needed(statistics.median(one.differences), one.sd, limit)


def add_pairs_needed(
    change: Change, members: Sequence[PairedEvidence], pairs: int, seconds: float, margin: float
) -> Change:
    """The change; where it is open, with the pairs and the time that would decide it.

    `pairs` were started for each look, and `seconds` is the time that a scenario had.
    """
    one = next((one for one in members if (one.name, one.metric) == (change.name, change.metric)), None)
    needed = pairs_to_decide(one, margin) if one and is_open(change) else None
    if needed is None:
        return change
    each_look = max(pairs + 1, math.ceil(1.2 * needed / LOOKS))  # a fifth more, as this is only an estimate
    if each_look > MOST_PAIRS:
        advice = (
            f"about {needed:,} pairs would decide it, more than this can start; a quieter machine needs fewer"
        )
    else:
        time_s = seconds * each_look / pairs
        options = f"--pairs {each_look} --seconds {time_s:.0f}"
        advice = (
            f"about {needed} pairs in all would decide it, {each_look} a look, {time_s:,.0f} s: {options}"
        )
    return replace(change, why=(*change.why, advice))
