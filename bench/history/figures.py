"""A run, or the output of the exact gate -> the figures of an entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.errors import UsageError, unknown
from bench.history.entry import Machine, Series, SeriesFigure
from bench.model.facts import HostFacts, RunFacts
from bench.model.machine import UNKNOWN, identity
from bench.model.service import GitFacts, common_service
from bench.results.anchor import ANCHOR, anchor_pairs
from bench.results.cells import CellResults
from bench.results.results import Results
from bench.stats.estimate import estimate
from bench.stats.metrics import JUDGED

INSTRUCTIONS = "instructions"


@dataclass(frozen=True, slots=True)
class EntryFigures:
    """The figures, what they are ratios to (None: nothing), their doubts, and a word about each cell left out."""

    series: Series
    anchor: str | None
    left_out: tuple[str, ...] = ()
    caveats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def of_run(results: Results, wanted: str | None = None) -> EntryFigures:
    """Every valid cell of a run as ratios to its anchor, round by round, in a round rotation by rotation.

    `wanted` is the anchor's `SETUP` or `SETUP/SCENARIO`. Raises UsageError where there is no such cell, where several
    might be meant, and where the anchor is invalid, as nothing can be measured against it.
    """
    anchor = _anchor(results.name, results.cells, wanted)
    others = [cell for cell in results.cells if cell is not anchor]
    found = {_name(cell): dict(_ratios(cell, anchor)) for cell in others if cell.valid}
    invalid = [
        f"{_name(cell)} is left out: it is invalid ({', '.join(cell.codes)})"
        for cell in others
        if not cell.valid
    ]
    alone = [f"{name} is left out: none of its repeats has an anchor" for name in found if not found[name]]
    series = {name: figures for name, figures in found.items() if figures}
    if not series:
        raise UsageError("; ".join([f"{results.name}: nothing to keep beside the anchor", *invalid, *alone]))
    doubts = {_name(cell): tuple(dict.fromkeys((*cell.codes, *anchor.codes))) for cell in others}
    caveats = {name: codes for name, codes in doubts.items() if name in series and codes}
    return EntryFigures(series, _name(anchor), (*invalid, *alone), caveats)


def of_judgement(said: object, name: str) -> EntryFigures:
    """The figures in what `bench exact --format json` wrote: instructions per request, of the head if there are two.

    The range is the smallest change that would be found around the figure. Raises UsageError for other JSON.
    """
    rows = said.get("rows") if isinstance(said, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "name" in row for row in rows):
        raise UsageError(f"{name}: neither a run's folder nor what `bench exact --format json` writes")
    if others := sorted({str(row.get("metric")) for row in rows} - {INSTRUCTIONS}):
        raise UsageError(
            f"{name}: holds {', '.join(others)}, which are worth nothing without an anchor; of gates, only the "
            "figures of `bench exact` can be kept"
        )
    counted = {str(row["name"]): _read_figure(row) for row in rows}
    series = {key: {INSTRUCTIONS: figure} for key, figure in counted.items() if figure}
    if not series:
        raise UsageError(f"{name}: holds no figures")
    return EntryFigures(
        series, None, tuple(f"{key} is left out: it has no figure" for key in counted if key not in series)
    )


def machine(host: HostFacts) -> Machine:
    """The machine that the facts of a host describe."""
    facts = identity(host)
    spelt = json.dumps(facts, sort_keys=True, default=str)
    cores = f"{host.cores} cores" if host.cores is not None else ""
    virtual = "" if host.virtualisation in (None, "none", UNKNOWN) else host.virtualisation
    about = ", ".join(str(word) for word in (host.cpu_model, cores, virtual, facts["python"]) if word)
    return Machine(hashlib.sha256(spelt.encode()).hexdigest()[:12], about)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryIdentity:
    """What was measured, and by what: parts of an entry. `git` is the source as the run knew it."""

    git: GitFacts | None
    machine: Machine
    service: str | None
    versions: Mapping[str, str]
    harness: Mapping[str, str]


def identify_run(facts: RunFacts) -> EntryIdentity:
    """By the facts of the service, where the run has them: the harness may be of another repository and interpreter."""
    host = facts.host or HostFacts()
    service = common_service(facts.services_under_test)
    if service is None:
        return EntryIdentity(
            git=host.git, machine=machine(host), service=None, versions=versions(host), harness={}
        )
    return EntryIdentity(
        git=service.git,
        machine=machine(replace(host, python=service.python or host.python)),
        service=service.name,
        versions=_with_python(service.python, service.packages),
        harness=versions(host),
    )


def versions(host: HostFacts) -> dict[str, str]:
    """The packages and the Python of the harness, by name."""
    return _with_python(host.python, host.versions)


def _with_python(python: str | None, packages: Mapping[str, str]) -> dict[str, str]:
    return ({"python": python} if python else {}) | dict(packages)


def _name(cell: CellResults) -> str:
    return f"{cell.setup} / {cell.scenario} / {cell.where}"


def _anchor(run: str, cells: Sequence[CellResults], wanted: str | None) -> CellResults:
    setup, _, scenario = (wanted or ANCHOR).partition("/")
    found = [cell for cell in cells if cell.setup == setup and scenario in ("", cell.scenario)]
    if not found and wanted:
        raise unknown("cell", wanted, {f"{cell.setup}/{cell.scenario}" for cell in cells})
    if not found:
        raise UsageError(
            f"{run}: holds no anchor, a cell that no change of the app can touch, to measure the others against; "
            f"`bench run history` measures one, or name a cell of this run with --anchor SETUP/SCENARIO"
        )
    if len(found) > 1:
        raise UsageError(
            f"{run}: {len(found)} cells might be the anchor: {'; '.join(map(_name, found))}; there must be one "
            "(--anchor SETUP/SCENARIO)"
        )
    if not found[0].valid:
        raise UsageError(
            f"{run}: the anchor {_name(found[0])} is invalid ({', '.join(found[0].codes)}), so nothing can be "
            "measured against it"
        )
    return found[0]


def _ratios(cell: CellResults, anchor: CellResults) -> Iterator[tuple[str, SeriesFigure]]:
    for name, metric in JUDGED.items():
        found = estimate(mine / its for mine, its in anchor_pairs(cell, anchor, metric))
        if found:
            yield name, SeriesFigure(found.median, found.low, found.high, found.n)


def _read_figure(row: Mapping[str, object]) -> SeriesFigure | None:
    head, mde = row.get("head"), row.get("mde")
    if not isinstance(head, (int, float)) or isinstance(head, bool):
        return None
    margin = head * mde if isinstance(mde, (int, float)) else 0.0
    return SeriesFigure(float(head), head - margin, head + margin, 1)
