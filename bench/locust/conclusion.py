"""The end of a test: its rows and what was seen of the server become a run, with a report and a verdict."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from bench.errors import EngineError
from bench.locust import spool
from bench.locust.records import LocustTest, ServerSide, make_records, run_facts
from bench.measure.measurement import ErrorEvidence
from bench.measure.store import RunFolder, read_run
from bench.model.evidence import failed_secrets, keep_failures
from bench.model.record import Caveat, Failure, Record
from bench.model.samples import Recording, count_rows
from bench.model.secrets import secret_values, secrets_of
from bench.results.caveats import ROWS_MISSING
from bench.results.results import understand
from bench.results.thresholds import judge_thresholds
from bench.system.home import own_command
from bench.system.logs import tail
from bench.system.waiting import wait_until

CLOSED_WITHIN_S = 30.0
"""For processes to write the last of their samples after Stop."""
_LOG_LINES = 50
_LEAST_URGENT = 19

SloVerdict = Literal["passed", "failed", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What came of a test: the folder of its run, the requests in it, and the verdict on its objectives, if it had any.

    `lines` say it in words; `codes` are those of the caveats of its records.
    """

    run: str
    folder: Path
    requests: int
    verdict: SloVerdict
    lines: tuple[str, ...]
    codes: tuple[str, ...]
    is_valid: bool


def conclude(
    test: LocustTest,
    server: ServerSide,
    rows: tuple[Path, int],
    *,
    folder: Path,
    log: Path | None,
    facts: Mapping[str, object],
    interrupted: bool = False,
    closed_within_s: float = CLOSED_WITHIN_S,
) -> Conclusion:
    """Write the run of a test into a new folder; `rows` are the spool and the test's number in it.

    Waits so long for processes that still write their samples; what these have not said then is missing, and a caveat.
    """
    paths, missing = _closed(*rows, closed_within_s)
    test = replace(test, caveats=(*test.caveats, *missing))
    records: list[Record] = []
    if paths:
        start_ns, stop_ns = test.span_ns  # what was under way at Stop and was answered counts, too
        test = replace(test, span_ns=(start_ns, max(stop_ns, spool.last_done_ns(paths) + 1)))
        whole, by_scenario = spool.gather(paths, test.span_ns)
        generators = sum(
            count_rows(path) > 0 for path in paths
        )  # Locust's own process made none of native users'
        samples = (whole, by_scenario, max(1, generators))
        records = list(make_records(folder.name, test, server, samples, _evidence(whole, server, log)))
    contents = run_facts(
        folder.name, test, server.given or server.setup, records, facts, interrupted=interrupted
    )
    written = RunFolder(folder, contents, latest=True)
    for record in records:
        written.add(record)
    if not records:
        why = "; ".join(one.text for one in test.caveats) or "no request was made in this test"
        written.add_failure(Failure(server.setup.name, 0, why))
    for path in paths:
        _remove(path)
    return _conclusion(folder)


def new_folder(runs: Path) -> Path:
    """A folder for a run of this moment, which is not there yet."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-locust"
    names = [name, *(f"{name}-{number}" for number in range(2, 100))]
    return next(runs / one for one in names if not (runs / one).exists())


def draw(folder: Path) -> None:
    """Write the report of a run, by a process that gives way to all others. Raises EngineError where that fails."""
    done = subprocess.run(
        own_command("bench", "report", str(folder)),
        stdout=subprocess.DEVNULL,
        check=False,
        preexec_fn=lambda: os.nice(_LEAST_URGENT),
    )
    if done.returncode:
        raise EngineError(f"its report could not be drawn; `bench report {folder}` says why")


def _closed(folder: Path, run: int, within_s: float) -> tuple[list[Path], list[Caveat]]:
    """The sample files of a test that are whole, and a caveat for each other one."""

    def all_are() -> bool:
        return all(map(spool.is_closed, spool.sample_files(folder, run)))

    wait_until(all_are, within_s, 0.05)
    paths = spool.sample_files(folder, run)
    broken = [path for path in paths if not spool.is_closed(path)]
    return [path for path in paths if path not in broken], [
        Caveat(
            ROWS_MISSING,
            f"the generator process {path.stem.partition('-')[2]} did not come to its end: {count_rows(path):,} of its "
            "requests or more are missing here",
        )
        for path in broken
    ]


def _evidence(whole: Recording, server: ServerSide, log: Path | None) -> Callable[[Recording], ErrorEvidence]:
    """What is kept of the failures of a scenario, or of the whole, without the secrets of any of them."""
    known = (*secret_values(os.environ), *secrets_of(server.setup), *failed_secrets(whole.failures))

    def keep(some: Recording) -> ErrorEvidence:
        failed = keep_failures(some.failures, whole.start_ns, known)
        return ErrorEvidence(failed, tail(log, _LOG_LINES, known) if failed and log is not None else "")

    return keep


def _remove(path: Path) -> None:
    """Remove a sample file and what lies next to it."""
    for one in path.parent.glob(f"{path.stem}.*"):
        one.unlink(missing_ok=True)


def _conclusion(folder: Path) -> Conclusion:
    results = understand(read_run(folder))
    verdicts = judge_thresholds(results)
    records = results.records
    passed = all(one.verdict == "passed" for one in verdicts)
    return Conclusion(
        run=folder.name,
        folder=folder,
        requests=records[-1].summary.requests if records else 0,
        verdict="none" if not verdicts else "passed" if passed else "failed",
        lines=tuple(f"{one.verdict}: {one.sentence}" for one in verdicts),
        codes=tuple(dict.fromkeys(one.code for record in records for one in record.caveats)),
        is_valid=all(record.valid for record in records) and bool(records),
    )
