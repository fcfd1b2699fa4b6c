"""When to write an endpoint async def, when def, and what getting it wrong costs: what the records of a run say."""

from __future__ import annotations

from dataclasses import dataclass

from bench.model.record import Run
from bench.results.cells import gather
from bench.results.micro import Micro
from bench.results.study.claims import Judged, claims
from bench.results.study.costs import Cost, costs
from bench.results.study.ladder import Ladder, ladders
from bench.results.study.plateaus import Plateau, plateaus
from bench.results.study.rule import Rule
from bench.results.study.rules import rules

__all__ = ["Cost", "Judged", "Ladder", "Plateau", "Rule", "Study", "study_of"]


@dataclass(frozen=True, slots=True)
class Study:
    """The ladders of a run, and everything that follows from them; `missing` says what could not be joined."""

    ladders: tuple[Ladder, ...]
    rules: tuple[Rule, ...]
    claims: tuple[Judged, ...]
    plateaus: tuple[Plateau, ...]
    costs: tuple[Cost, ...]
    missing: str = ""


def study_of(run: Run, micro: Micro | None = None) -> Study | None:
    """The study of a run in which some twins met at several numbers of users; None where none did.

    `micro` holds the benchmarks that were made beside it.
    """
    cells = gather(run.records)
    found = ladders(cells)
    if not any(ladder.tall for ladder in found):
        return None
    joined = tuple(costs(run, micro, found)) if micro else ()
    tall = tuple(ladder for ladder in found if ladder.tall)
    return Study(
        found,
        rules(found, cells),
        claims(run, cells, micro),
        tuple(plateau for ladder in tall for plateau in plateaus(ladder)),
        joined,
        _missing(micro, joined),
    )


def _missing(micro: Micro | None, joined: tuple[Cost, ...]) -> str:
    if micro is None:
        return "The run's folder holds no micro.json, so the in-process cost is not known: `make micro RUN=FOLDER`."
    return "" if joined else "No scenario was measured both in-process and over HTTP at 1 user."
