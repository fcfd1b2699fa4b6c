"""A report before it is Markdown or HTML: title line, findings, tables, caveats, failures, facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bench.model.facts import HostFacts, RunFacts
from bench.model.record import Failure, Record, Run
from bench.report.chapter import Chapter
from bench.report.contents import Contents
from bench.report.identity import title_lines
from bench.results.findings.finding import Finding
from bench.stats.format import minutes
from bench.stats.table import Table, marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report's contents but for its charts; `names` gives the mark of each caveat code of the run."""

    run: Run
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    summary: Table
    details: tuple[Table, ...]
    names: Mapping[str, str]
    chapter: Chapter | None = None


def page(run: Run, contents: Contents) -> Page:
    """The report of a run; tables without rows are left out, the summary stays."""
    codes = (caveat.code for record in run.records for caveat in record.caveats)
    return Page(
        run=run,
        facts=tuple(title_facts(run)),
        findings=contents.findings,
        summary=contents.summary,
        details=tuple(table for table in contents.details if table.rows),
        names=marks(codes),
        chapter=contents.chapter,
    )


def title_facts(run: Run) -> Iterator[tuple[str, str]]:
    """Machine, services, date, plan, duration and the number of cells, as far as they are known."""
    host = run.facts.host or HostFacts()
    machine = [host.cpu_model] if host.cpu_model else []
    machine += [f"{host.cores} cores"] if host.cores else []
    if machine:
        yield "machine", ", ".join(machine)
    yield from title_lines(run.facts)
    started = _moment(run.facts.started_at)
    if started:
        yield "date", started.strftime("%Y-%m-%d %H:%M") + (f" {started.tzname()}" if started.tzinfo else "")
    plan = run.facts.plan
    if plan.by_hand and plan.about:  # its name says nothing of it
        yield "plan", plan.about
    elif plan.name:
        yield "plan", plan.name
    yield "duration", _duration(run.facts)
    yield "records", _counts(run.records)
    if run.failures:
        yield "failures", str(len(run.failures))


def missing(failure: Failure, run: Run) -> str:
    """Of what a failure is: a scenario, or a setup's round, or the rest of one in which cells were measured before."""
    if failure.scenario is not None:
        return failure.scenario
    began = any((one.cell.setup, one.cell.repeat) == (failure.setup, failure.repeat) for one in run.records)
    return "the rest of the round" if began else "the whole round"


def _moment(written: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(written) if written else None
    except ValueError:
        return None


def _duration(facts: RunFacts) -> str:
    if not facts.finished or facts.took_s is None:
        return "not finished"
    return minutes(facts.took_s)


def _counts(records: tuple[Record, ...]) -> str:
    valid = sum(record.valid for record in records)
    return f"{valid} valid, {len(records) - valid} invalid"


def flat(facts: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested facts as (dotted name, value); what is empty is left out."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        elif value not in ("", [], ()):
            yield f"{prefix}{name}", _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_as_text, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_as_text(part)}" for name, part in value.items())
    return "unknown" if value is None else str(value)
