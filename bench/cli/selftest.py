"""`bench selftest`: every engine measured against servers of known behaviour."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from bench.cli._lookup import check_known
from bench.cli._options import option
from bench.cli._terminal import note, say
from bench.engines.launch import ENGINES
from bench.errors import UsageError
from bench.machine.selftest import session
from bench.machine.selftest.cases import CASES, Case
from bench.machine.selftest.comparison import FigureCheck
from bench.machine.selftest.session import Result
from bench.report.text import render
from bench.stats.table import Column, Row, Table, label
from bench.system.extras import left_out, need

_LOCUST = "locust"
_LEGEND = (
    "Counts are exact. Times: within 2 ms or 2 % (under Locust 5 ms, under its HttpUser 8 ms), never earlier "
    "than the answer left. Theory: the expected figure, and where 99.9 % of such runs lie. Caveats: those that "
    "are due, and those of the record."
)


def selftest(
    short: Annotated[
        bool, typer.Option("--short", help="The most telling cases only: about 25 seconds, for CI.")
    ] = False,
    case: Annotated[
        list[str] | None, option("A case by name, such as freeze; repeatable. All by default.")
    ] = None,
    engine: Annotated[list[str] | None, option("An engine likewise.", "native|locust|locust-http")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON, not as a table.")] = False,
) -> int:
    """Prove the instrument on this machine: measure servers of known behaviour, and compare with their own logs.

    Each case starts a truth server, which behaves in a known way (constant service, a queue, freezes, drops, wrong
    bodies, slow bytes, closed connections ...) and writes down each request: when it arrived, when its answer left, and
    what that was. Each engine loads it as in every run. The number of requests and of failures by kind must be the
    server's to the request, throughput within 1 %, response times within 2 ms or 2 %, those of queues within what
    queueing theory allows, and the record must carry the expected caveats and no others.

    Counts must be right at once; times and caveats get three tries. A time that is off where the record bears a
    caveat of the machine (other-load, steal ...) is "disturbed": it proves nothing, and is no failure. Exit status 1:
    something is wrong.
    """
    results = _run(_pick_cases(case or [], engine or [], short))
    say(_json(results) if as_json else render(_table(results)).rstrip("\n"))
    note(_conclusion(results))
    return 1 if any(result.verdict == "wrong" for result in results) else 0


def _pick_cases(names: list[str], engines: list[str], short: bool) -> tuple[Case, ...]:
    """The cases of these names and engines. Raises UsageError where there are none."""
    check_known("case", names, {case.name for case in CASES})
    check_known("engine", engines, ENGINES)
    if any(name.startswith(_LOCUST) for name in engines):
        need(_LOCUST, what="--engine locust")
    cases = session.choose_cases(names, engines, short=short)
    if sentence := left_out(_LOCUST, "cases of Locust"):
        note(sentence)
        cases = tuple(case for case in cases if not case.engine.startswith(_LOCUST))
    if not cases:
        raise UsageError("no case has this name and engine; leave out --short, --case or --engine")
    return cases


def _run(cases: Sequence[Case]) -> list[Result]:
    """Run the cases in turn; note each try as it begins."""
    results: list[Result] = []

    def show(case: Case, attempt: int) -> None:
        again = f" (try {attempt})" if attempt > 1 else ""
        note(f"[{len(results) + 1}/{len(cases)}] {case.label}{again}")

    for result in session.run(cases, show):
        results.append(result)  # one at a time: `show` counts them
    return results


def _conclusion(results: Sequence[Result]) -> str:
    wrong, disturbed = (
        [result.case.label for result in results if result.verdict == verdict]
        for verdict in ("wrong", "disturbed")
    )
    lines = []
    if wrong:
        lines.append(f"{len(wrong)} of {len(results)} cases are wrong: {', '.join(wrong)}")
    if disturbed:
        lines.append(
            f"{len(disturbed)} of {len(results)} cases have inconclusive times, as other processes used the CPUs "
            f"(run it again when nothing else runs): {', '.join(disturbed)}"
        )
    return "\n".join(lines) or f"all {len(results)} cases are right"


def _table(results: Sequence[Result]) -> Table:
    columns = (label("compared"), Column("server or theory"), Column("engine"), label("verdict"))
    rows = tuple(
        Row((check.what, check.server, check.engine, _verdict(result, check)), section=_section(result))
        for result in results
        for check in result.checks
    )
    title = "Selftest: what truth servers did, and what the engines say of it"
    return Table(title, columns, rows, (_LEGEND,))


def _verdict(result: Result, check: FigureCheck) -> str:
    if check.right:
        return "right"
    return "disturbed" if check.disturbed and result.disturbance else "WRONG"


def _section(result: Result) -> str:
    remarks = [f"{result.tries} tries"] if result.tries > 1 else []
    remarks += sorted(result.disturbance)
    return f"{result.case.label}: {result.case.about}" + (f" ({', '.join(remarks)})" if remarks else "")


def _json(results: Sequence[Result]) -> str:
    cases = [
        {
            "case": result.case.name,
            "about": result.case.about,
            "engine": result.case.engine,
            "load": result.case.load.label,
            "verdict": result.verdict,
            "tries": result.tries,
            "disturbance": sorted(result.disturbance),
            "checks": [asdict(check) for check in result.checks],
        }
        for result in results
    ]
    right = all(result.verdict == "right" for result in results)
    return json.dumps({"right": right, "cases": cases}, indent=2)
