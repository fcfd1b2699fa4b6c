"""A run, understood once: everything that tables, findings, charts, exports, histories and gates read of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bench.model.facts import RunFacts
from bench.model.record import Failure, Record, Run
from bench.results.caveats import NO_PROCESSES, SAME_PROCESS
from bench.results.cells import CellResults, gather
from bench.results.micro import Micro

RunKind = Literal["ordinary", "capacity", "scaling"]
"""Of a run: of a plan, of a search for the capacity, or over numbers of workers."""

NOTES = frozenset({"unchecked", "long-session", NO_PROCESSES, SAME_PROCESS})
"""Codes of notes on how a run was made: where every record has one, it says nothing of a cell, and is said once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run with its records by cell; `micro` are the benchmarks in its folder.

    `run` is the run as stored. `notes` are sentences for caveats that every record has, and that `records` then lack.
    """

    run: Run
    records: tuple[Record, ...]
    cells: tuple[CellResults, ...]
    notes: tuple[str, ...] = ()
    micro: Micro | None = None

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def facts(self) -> RunFacts:
        return self.run.facts

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.run.failures

    @property
    def kind(self) -> RunKind:
        if self.facts.capacity is not None:
            return "capacity"
        return "ordinary" if self.facts.scaling is None else "scaling"


def understand(run: Run, micro: Micro | None = None) -> Results:
    """The run by cell, each record with every caveat."""
    return Results(run=run, records=run.records, cells=gather(run.records, run.facts.plan), micro=micro)


def say_notes_once(results: Results) -> Results:
    """The results without the notes that every record has, and with a sentence for each of them."""
    sentences: dict[str, str] = {}
    for code in sorted(NOTES):
        texts = [
            [caveat.text for caveat in record.caveats if caveat.code == code] for record in results.records
        ]
        if texts and all(texts):
            alike = {text for found in texts for text in found}
            sentences[code] = f"In every cell, {code}" + (f": {alike.pop()}." if len(alike) == 1 else ".")
    if not sentences:
        return results
    records = tuple(_without(record, sentences) for record in results.records)
    return replace(
        results, records=records, cells=gather(records, results.facts.plan), notes=tuple(sentences.values())
    )


def _without(record: Record, codes: dict[str, str]) -> Record:
    return replace(record, caveats=tuple(caveat for caveat in record.caveats if caveat.code not in codes))
