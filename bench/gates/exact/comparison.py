"""Figures of two versions -> what changed."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bench.gates.exact.figures import Figure, Figures, noise
from bench.model.change import Change, Verdict

METRIC = "instructions"

_SIGMAS = 3
_BLUNT = 5
"""A threshold that noise has raised to more than this many times the one asked for decides nothing any more."""


def compare(base: Figures, head: Figures, threshold: float, luck: float = 0.0) -> tuple[Change, ...]:
    """One change a name, in the order of the head; then what only the base has.

    `threshold` is a share, such as 0.002; it rises to three times the noise of an endpoint, and that is at least
    `luck`. What exists on one side alone is inconclusive: nothing shows that it is slower, and nothing that it is not.
    """
    names = dict.fromkeys([*head, *base])
    return tuple(_change(name, base.get(name), head.get(name), threshold, luck) for name in names)


def alone(head: Figures) -> tuple[Change, ...]:
    """The figures by themselves, where there is no base."""
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


def dropped(names: Iterable[str]) -> tuple[Change, ...]:
    """Scenarios that only the base has fail: else to drop one would be a way to hide that it has become slower."""
    return tuple(
        Change(name, METRIC, "regressed", why=("missing in head: the scenario is gone",)) for name in names
    )


def pooled(first: Figures, again: Figures) -> dict[str, Figure | None]:
    """Two measurements as one: what the second did not measure stays as it is."""
    found = dict(first)
    for name, figure in again.items():
        before = first.get(name)
        if figure is not None and before is not None:
            found[name] = before + figure
    return found


def explained(changes: Iterable[Change], reasons: Mapping[str, tuple[str, ...]]) -> tuple[Change, ...]:
    """The changes, with the reasons found for them."""
    return tuple(replace(one, why=one.why + reasons.get(one.name, ())) for one in changes)


def _change(name: str, base: Figure | None, head: Figure | None, threshold: float, luck: float) -> Change:
    if base is None or head is None:
        side = "base" if base is None else "head"
        return Change(
            name,
            METRIC,
            "inconclusive",
            base.instructions if base else None,
            head.instructions if head else None,
            why=(f"missing in {side}: nothing to compare with",),
        )
    if len(base.blocks) != len(head.blocks):
        return Change(
            name,
            METRIC,
            "inconclusive",
            base.instructions,
            head.instructions,
            why=("the two versions were asked different requests",),
        )
    ratios = [new / old for old, new in zip(base.blocks, head.blocks, strict=True)]
    ratio = statistics.median(ratios)
    error = max(noise(ratios), luck)
    decides = max(threshold, _SIGMAS * error)
    return Change(
        name,
        METRIC,
        _verdict(ratio - 1, decides, threshold),
        base.instructions,
        head.instructions,
        ratio,
        ratio - _SIGMAS * error,
        ratio + _SIGMAS * error,
        decides,
        _lookups(base, head),
        margin=decides,
    )


def _verdict(difference: float, decides: float, threshold: float) -> Verdict:
    if difference > decides:
        return "regressed"
    if difference < -decides:
        return "improved"
    return "inconclusive" if decides > _BLUNT * threshold else "no change"


def _lookups(base: Figure, head: Figure) -> tuple[str, ...]:
    """A word about lookups made anew, where there are so many more that it can hardly be luck."""
    if head.lookups <= 3 * base.lookups + 100:
        return ()
    return (
        f"{head.lookups:,.0f} attribute lookups a request miss the interpreter's cache, and {base.lookups:,.0f} did; "
        "they are not counted: does a request change a class?",
    )
