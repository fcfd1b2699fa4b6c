"""A rule, and where its figures come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.model.plan import ClosedLoad, Load, OpenLoad
from bench.results.study.ratio import Ratio
from bench.stats.format import join_words


@dataclass(frozen=True, slots=True)
class Rule:
    """An advice, what it rests on in words, and the ratios behind it: first the one that is settled, if any is."""

    advice: str
    figure: str
    ratios: tuple[Ratio, ...]

    @property
    def shown(self) -> bool:
        """Whether the rounds settle it: they show a difference, or that there is none beyond the margin."""
        return self.ratios[0].settled

    @property
    def records(self) -> str:
        """Where the figures come from: setup, scenarios, engine, load and the number of rounds."""
        return source(self.ratios)


def source(ratios: Iterable[Ratio]) -> str:
    """`uvicorn: io-async, io-sync; native, 8 and 32 users; 6 rounds`"""
    cells = [cell for found in ratios for cell in (found.head, found.base)]
    setups, scenarios, engines = (
        ", ".join(dict.fromkeys(names))
        for names in zip(*((cell.setup, cell.scenario, cell.engine) for cell in cells), strict=True)
    )
    fewest = min(len(cell.records) for cell in cells)
    loads = " and ".join(_loads([cell.load for cell in cells]))
    return f"{setups}: {scenarios}; {engines}, {loads}; {fewest} round{'' if fewest == 1 else 's'}"


def _loads(loads: Sequence[Load]) -> Iterator[str]:
    """`8, 32 and 128 users`, `60 arrivals/s`: the amounts of each kind of load together."""
    users = list(dict.fromkeys(f"{load.users}" for load in loads if isinstance(load, ClosedLoad)))
    rates = list(dict.fromkeys(f"{load.arrivals_per_s:g}" for load in loads if isinstance(load, OpenLoad)))
    if users:
        yield f"{join_words(users)} user{'' if users == ['1'] else 's'}"
    if rates:
        yield f"{join_words(rates)} arrivals/s"
