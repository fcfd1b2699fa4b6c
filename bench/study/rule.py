"""What a rule is, and where its figures come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.study.ratio import Ratio


@dataclass(frozen=True, slots=True)
class Rule:
    """An advice, what it rests on in words, and the ratios behind it: the one that is told first, if one is shown."""

    advice: str
    figure: str
    ratios: tuple[Ratio, ...]

    @property
    def shown(self) -> bool:
        return self.ratios[0].shown

    @property
    def records(self) -> str:
        """Where the figures come from: setup, scenarios, engine, load and the number of repeats."""
        return source(self.ratios)


def source(ratios: Iterable[Ratio]) -> str:
    """`uvicorn: io-async, io-sync; native, 8 users, 32 users; 3 repeats`"""
    cells = [cell for found in ratios for cell in (found.new, found.base)]
    setups, scenarios, loads = (
        ", ".join(dict.fromkeys(names))
        for names in (
            [cell.setup for cell in cells],
            [cell.scenario for cell in cells],
            [cell.load_label for cell in cells],
        )
    )
    engines = ", ".join(dict.fromkeys(cell.engine for cell in cells))
    fewest = min(len(cell.records) for cell in cells)
    return f"{setups}: {scenarios}; {engines}, {loads}; {fewest} repeat{'' if fewest == 1 else 's'}"
