"""When to write an endpoint async def, when def, and what getting it wrong costs: what the records of a run say."""

from __future__ import annotations

from dataclasses import dataclass

from bench.results.results import Results
from bench.results.study.claims import Judged, claims
from bench.results.study.costs import RequestCost, costs
from bench.results.study.ladder import Ladder, ladders
from bench.results.study.plateaus import Plateau, plateaus
from bench.results.study.rule import Rule
from bench.results.study.rules import rules

__all__ = ["Judged", "Ladder", "Plateau", "RequestCost", "Rule", "Study", "study_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The ladders of a run, and everything that follows from them; `missing` says what could not be joined."""

    ladders: tuple[Ladder, ...]
    rules: tuple[Rule, ...]
    claims: tuple[Judged, ...]
    plateaus: tuple[Plateau, ...]
    costs: tuple[RequestCost, ...]
    missing: str = ""


def study_of(results: Results) -> Study | None:
    """The study of a run in which some twins met at several numbers of users; None where none did."""
    found = ladders(results.cells)
    if not any(ladder.tall for ladder in found):
        return None
    joined = tuple(costs(results, found))
    tall = tuple(ladder for ladder in found if ladder.tall)
    return Study(
        ladders=found,
        rules=rules(found, results.cells),
        claims=claims(results),
        plateaus=tuple(plateau for ladder in tall for plateau in plateaus(ladder)),
        costs=joined,
        missing=_missing(results, joined),
    )


def _missing(results: Results, joined: tuple[RequestCost, ...]) -> str:
    if results.micro is None:
        return "The run's folder holds no micro.json, so the in-process cost is not known: `make micro RUN=FOLDER`."
    return "" if joined else "No scenario was measured both in-process and over HTTP at 1 user."
