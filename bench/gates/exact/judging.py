"""Figures of two versions -> changes with verdicts."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bench.gates.exact.figures import Figure, Figures, noise
from bench.model.change import Change, Verdict

METRIC = "instructions"

_SIGMAS = 3
_BLUNT = 5
"""Noise may raise the threshold up to this many times; beyond, the verdict is inconclusive."""


def compare(base: Figures, head: Figures, threshold: float, luck: float = 0.0) -> tuple[Change, ...]:
    """One change per endpoint, in the order of the head; then the endpoints that only the base has.

    `threshold` is a share, such as 0.002; it rises to three times the noise of an endpoint, at least `luck`.
    An endpoint that only one version has is inconclusive: nothing shows that it is slower, or that it is not.
    """
    names = dict.fromkeys([*head, *base])
    return tuple(_change(name, base.get(name), head.get(name), threshold, luck) for name in names)


def without_base(head: Figures) -> tuple[Change, ...]:
    """The figures of one version, without verdicts."""
    return tuple(
        Change(
            name,
            METRIC,
            None,
            head=figure.instructions,
            mde=_SIGMAS * noise(figure.blocks) / figure.instructions,
        )
        for name, figure in head.items()
        if figure is not None
    )


def missing_scenarios(names: Iterable[str]) -> tuple[Change, ...]:
    """A failure for each scenario that only the base has: otherwise dropping one would hide that it became slower."""
    return tuple(
        Change(name, METRIC, "regressed", why=("missing in head: the scenario is gone",)) for name in names
    )


def pool(figures: Figures, repeated: Figures) -> dict[str, Figure | None]:
    """Two measurements of one version as one; endpoints that the second did not measure keep their figure."""
    both = dict(figures)
    for name, figure in repeated.items():
        earlier = figures.get(name)
        if figure is not None and earlier is not None:
            both[name] = earlier + figure
    return both


def add_reasons(changes: Iterable[Change], reasons: Mapping[str, tuple[str, ...]]) -> tuple[Change, ...]:
    """The changes, each with its reasons, which are by the name of a change."""
    return tuple(replace(one, why=one.why + reasons.get(one.name, ())) for one in changes)


def _change(name: str, base: Figure | None, head: Figure | None, threshold: float, luck: float) -> Change:
    if base is None or head is None:
        arm = "base" if base is None else "head"
        return Change(
            name,
            METRIC,
            "inconclusive",
            base=base.instructions if base else None,
            head=head.instructions if head else None,
            why=(f"missing in {arm}: nothing to compare with",),
        )
    if len(base.blocks) != len(head.blocks):
        return Change(
            name,
            METRIC,
            "inconclusive",
            base=base.instructions,
            head=head.instructions,
            why=("the two versions were asked different requests",),
        )
    ratios = [of_head / of_base for of_base, of_head in zip(base.blocks, head.blocks, strict=True)]
    ratio = statistics.median(ratios)
    error = max(noise(ratios), luck)
    decides = max(threshold, _SIGMAS * error)
    return Change(
        name,
        METRIC,
        _verdict(ratio - 1, decides, threshold),
        base=base.instructions,
        head=head.instructions,
        ratio=ratio,
        low=ratio - _SIGMAS * error,
        high=ratio + _SIGMAS * error,
        mde=decides,
        why=_lookup_notes(base, head),
        margin=decides,
    )


def _verdict(difference: float, decides: float, threshold: float) -> Verdict:
    if difference > decides:
        return "regressed"
    if difference < -decides:
        return "improved"
    return "inconclusive" if decides > _BLUNT * threshold else "no change"


def _lookup_notes(base: Figure, head: Figure) -> tuple[str, ...]:
    """A note on attribute lookups that miss the cache, where there are too many more for luck."""
    if head.lookups <= 3 * base.lookups + 100:
        return ()
    return (
        f"{head.lookups:,.0f} attribute lookups a request miss the interpreter's cache, and {base.lookups:,.0f} did; "
        "they are not counted: does a request change a class?",
    )
