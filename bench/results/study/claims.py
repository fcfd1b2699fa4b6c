"""Claims about FastAPI, judged by the records of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.results.cells import CellResults
from bench.results.micro import Micro
from bench.results.results import Results
from bench.results.study.claim import Claim, Meeting
from bench.results.study.plateaus import workers
from bench.results.study.ratio import Ratio, ratio
from bench.results.study.rule import source
from bench.results.study.shipped import CLAIMS, COMPRESSION
from bench.results.worker_table import cores
from bench.stats.metrics import THROUGHPUT

ClaimVerdict = Literal["borne out", "refuted", "not settled"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with its verdict, the figures in words, and where they come from."""

    claim: Claim
    verdict: ClaimVerdict
    figures: str
    records: str


def claims(results: Results) -> tuple[Judged, ...]:
    """Every claim of which the run was to measure something; where it could not, why."""
    return tuple(judged for claim in CLAIMS if (judged := _judge(claim, results)) is not None)


def _judge(claim: Claim, results: Results) -> Judged | None:
    pairs = [
        (meeting, base, head) for meeting in claim.meetings for base, head in pairs_of(meeting, results.cells)
    ]
    if not pairs:
        why = _absent(claim, results)
        return Judged(claim, "not settled", why, "") if why else None
    ratios = [found for meeting, base, head in pairs if (found := ratio(base, head, meeting.metric))]
    if not ratios:
        return Judged(claim, "not settled", "a side is invalid, or was not measured", "")
    crowded = _crowding(ratios) if claim.says == "scales" else ""
    verdict: ClaimVerdict = "not settled" if crowded else verdict_of(claim, ratios)
    saved = f"; {gain}" if claim.saves and results.micro and (gain := _savings(results.micro)) else ""
    return Judged(claim, verdict, f"{crowded}{_figures(ratios)}{saved}", source(ratios))


def pairs_of(meeting: Meeting, cells: Iterable[CellResults]) -> Iterator[tuple[CellResults, CellResults]]:
    """The pairs of a meeting, load by load; an open load says nothing of throughput, as it fixes it."""
    cells = tuple(cells)
    for head in cells:
        for base in cells:
            alike = (head.engine, head.load) == (base.engine, base.load)
            tells = head.closed or meeting.metric is not THROUGHPUT
            named = ((base.setup, base.scenario), (head.setup, head.scenario))
            if alike and tells and named == (meeting.base, meeting.head):
                yield base, head


def verdict_of(claim: Claim, ratios: Sequence[Ratio]) -> ClaimVerdict:
    """Borne out where some ratio shows what is claimed and none the contrary; refuted where it is the other way round.

    A claim of more or less is refuted, too, where all ratios are proved to be the same within the margin.

    What is claimed to be alike must lie within the factor, and what scales above it, with the whole of each interval;
    either is refuted where an interval lies beyond it.
    """
    if claim.says in ("alike", "scales"):
        least = claim.factor if claim.says == "scales" else 1 / claim.factor
        return _within(least, claim.factor if claim.says == "alike" else math.inf, ratios)
    if all(found.comparison.same for found in ratios):
        return "refuted"
    shown = {found.direction for found in ratios if found.shown}
    if len(shown) != 1:
        return "not settled"
    return "borne out" if shown == {claim.says} else "refuted"


def _within(least: float, most: float, ratios: Sequence[Ratio]) -> ClaimVerdict:
    spans = [(found.comparison.low, found.comparison.high) for found in ratios]
    if any(low > most or high < least for low, high in spans):
        return "refuted"
    whole = all(low >= least and high <= most and not math.isinf(high) for low, high in spans)
    return "borne out" if whole else "not settled"


def _figures(ratios: Iterable[Ratio]) -> str:
    return "; ".join(
        f"{found.head.scenario} {'' if found.metric is THROUGHPUT else found.metric.name + ' '}"
        f"at {found.head.load.label}: {found.waits if found.grows else found.text}{'' if found.settled else ', ~'}"
        for found in ratios
    )


def _crowding(ratios: Sequence[Ratio]) -> str:
    """Whether the workers had no core each; empty where they had, or where nobody knows."""
    for found in ratios:
        room, count = cores(found.head), workers(found.head)
        if room is not None and room < count:
            return f"{count} workers shared {room} core{'' if room == 1 else 's'}: this machine cannot tell; "
    return ""


def _savings(micro: Micro) -> str:
    """`16,384 bytes become 2,310 at level 4`, from the benchmark of the level that the app uses."""
    for one in micro.benchmarks:
        sizes = one.extra.get("bytes_in"), one.extra.get("bytes_out")
        if one.name == COMPRESSION and all(isinstance(size, int) for size in sizes):
            return f"{sizes[0]:,} bytes become {sizes[1]:,} at level 4, the app's own"
    return ""


def _absent(claim: Claim, results: Results) -> str:
    """Why a claim's setups have no records: left out, or failed; empty where they were never to be measured."""
    names = {setup for meeting in claim.meetings for setup, _ in (meeting.base, meeting.head)}
    left_out = results.facts.left_out
    said = [f"left out: {left_out[name]}" for name in sorted(names) if name in left_out]
    said += [
        f"{failure.setup} failed: {failure.error.splitlines()[0]}"
        for failure in results.failures
        if failure.setup in names
    ]
    return "; ".join(dict.fromkeys(said))
