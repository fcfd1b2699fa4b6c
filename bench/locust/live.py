"""The figures of a test while it runs, once a second: what Locust's Server tab shows."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.locust import spool
from bench.locust.records import LocustTest, ServerSide, make_records
from bench.measure.measurement import ServerReadings
from bench.model.plan import Setup
from bench.model.readings import CpuTimes, Snapshot
from bench.model.record import Caveat
from bench.model.samples import Samples, count_rows, outcome_of, read_table
from bench.observe.neighbours import share_of_others
from bench.observe.process_tree import ProcessTree
from bench.system import cpus

_WINDOW = 10
"""Ticks that the caveats are of."""
_MOST_ROWS = 5000
"""Of a tick, for the caveats."""
_UNTOLD = frozenset({"few-samples", "lag", "littles-law"})
"""Codes of caveats that a few seconds cannot tell."""
_INTENDED, _SENT, _DONE, _TAG = 0, 2, 4, 5
_PERCENTILES = {"p50_ms": 50, "p99_ms": 99, "p999_ms": 99.9}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlace:
    """Where a test runs: its server (pid None where it is not known), its generators, their CPUs, and its rows.

    The generators are the process `generator_pid` and its descendants, but for the server, the services and the process
    `own_pid` with those below them.
    """

    setup: Setup
    server_pid: int | None
    service_pids: Sequence[int]
    generator_pid: int
    own_pid: int
    server_cpus: Sequence[int]
    generator_cpus: Sequence[int]
    telemetry: Path | None
    spool: Path
    run: int


@dataclass(frozen=True, slots=True)
class _Moment:
    """All processes at one moment, and the rows that came since the one before it."""

    times: CpuTimes
    server: Snapshot
    services: tuple[Snapshot, ...]
    generators: Snapshot
    rows: NDArray[np.int64]

    @property
    def at_ns(self) -> int:
        return self.server.at_ns


class LiveFigures:
    """Figures of the time since the last `tick`; the first is that of the making."""

    def __init__(self, place: LoadPlace, test: LocustTest, workers: Sequence[int]) -> None:
        self._place = place
        self._test = replace(test, scenarios={}, stages=())
        self._workers = tuple(workers)
        self._server = ProcessTree(place.server_pid)
        self._services = [ProcessTree(pid) for pid in place.service_pids]
        self._generators = ProcessTree(place.generator_pid)
        self._rows = RowReader(place.spool, place.run)
        self._reports = ReportReader(place.telemetry)
        self._began_ns = time.monotonic_ns()
        self._moments: deque[_Moment] = deque([self._look()], maxlen=_WINDOW + 1)
        self._caveats: dict[str, Caveat] = {}

    def tick(self) -> dict[str, object]:
        """The figures since the last tick, as JSON has them."""
        before, now = self._moments[-1], self._look()
        self._moments.append(now)
        for caveat in self._doubts():
            self._caveats[caveat.code] = caveat
        span_s = (now.at_ns - before.at_ns) / 1e9
        used = _used(before.generators, now.generators)
        return {
            "t_s": round((now.at_ns - self._began_ns) / 1e9, 1),
            **_traffic(now.rows, span_s),
            **_server(before.server, now.server, span_s),
            "workers": list(self._each_worker(before, now, span_s)),
            "generator_cpu": round(max(used.values(), default=0.0) / span_s, 3),
            "caveats": [asdict(one) for one in self._caveats.values()],
        }

    def _look(self) -> _Moment:
        for tree in (self._server, self._generators):
            tree.refresh()
        server, services = self._server.snapshot(), tuple(tree.snapshot() for tree in self._services)
        others = (server, *services, ProcessTree(self._place.own_pid).snapshot())
        apart = {one.pid for snapshot in others for one in snapshot.processes}
        generators = self._generators.snapshot()
        ours = tuple(one for one in generators.processes if one.pid not in apart)
        return _Moment(
            times=cpus.times(),
            server=server,
            services=services,
            generators=replace(generators, processes=ours),
            rows=self._rows.read(),
        )

    def _each_worker(self, before: _Moment, now: _Moment, span_s: float) -> Iterator[dict[str, object]]:
        """The server's workers, and who else answered, each with what it reports from inside."""
        answered = dict(zip(*_counts(now.rows[:, _TAG] >> 32), strict=True))
        used = _used(before.server, now.server)
        reports = self._reports.read()
        for one in now.server.processes:
            if one.pid in self._workers or one.pid in answered:
                yield {
                    "pid": one.pid,
                    "cpu": round(used.get(one.pid, 0.0) / span_s, 3),
                    "rss_bytes": one.rss_bytes,
                    "threads": one.threads,
                    "rps": round(answered[one.pid] / span_s, 1) if one.pid in answered else None,
                    **reports.get(one.pid, {}),
                }

    def _doubts(self) -> Iterator[Caveat]:
        """The caveats that the audit of a record finds in the last seconds."""
        first, last = self._moments[0], self._moments[-1]
        rows = np.concatenate([moment.rows[-_MOST_ROWS:] for moment in list(self._moments)[1:]])
        if not len(rows):
            return
        start_ns = min(first.at_ns, int(rows[:, _INTENDED].min()))  # of a slow answer, too
        test = replace(self._test, span_ns=(start_ns, last.at_ns))
        used = _used(first.generators, last.generators)
        samples = _samples(rows, test.span_ns, max(used.values(), default=0.0))
        readings = ServerReadings(
            snapshots=tuple(moment.server for moment in self._moments),
            workers=self._workers,
            times=(first.times, last.times),
        )
        place = self._place
        side = ServerSide(
            setup=place.setup,
            readings=readings,
            telemetry={},
            others_share=self._others_share(first, last),
            services_cpu_s=0.0,
            server_cpus=place.server_cpus,
            generator_cpus=place.generator_cpus,
        )
        for record in make_records("live", test, side, (samples, {}, 1)):
            yield from (one for one in record.caveats if one.code not in _UNTOLD)

    def _others_share(self, first: _Moment, last: _Moment) -> float:
        server_s = _total(first.server, last.server)
        server_s += sum(_total(*pair) for pair in zip(first.services, last.services, strict=True))
        generators_s = _total(first.generators, last.generators)
        sides = [(self._place.server_cpus, server_s), (self._place.generator_cpus, generators_s)]
        return share_of_others((first.times, last.times), sides)


class RowReader:
    """Reads what is new in the sample files of a test."""

    def __init__(self, folder: Path, run: int) -> None:
        self._folder, self._run = folder, run
        self._read: dict[Path, int] = {}

    def read(self) -> NDArray[np.int64]:
        """The rows since the last call, in a table of six columns, file by file."""
        tables = [np.empty((0, _TAG + 1), np.int64)]
        for path in spool.sample_files(self._folder, self._run):
            first, count = self._read.get(path, 0), count_rows(path)
            tables.append(read_table(path, first, count - first))
            self._read[path] = count
        return np.concatenate(tables)


class ReportReader:
    """Reads what is new in a folder of telemetry, which may not be there."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {path: path.stat().st_size for path in self._paths()}

    def read(self) -> dict[int, dict[str, float]]:
        """Of each worker that reported since the last call the largest of each figure, by its pid."""
        return {int(path.stem): found for path in self._paths() if (found := self._news(path))}

    def _paths(self) -> list[Path]:
        return [] if self._folder is None else sorted(self._folder.glob("*.jsonl"))

    def _news(self, path: Path) -> dict[str, float]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            came = file.read()
        whole = came[: came.rfind(b"\n") + 1]
        self._read[path] = self._read.get(path, 0) + len(whole)
        reports = [json.loads(line) for line in whole.splitlines()]
        names = (
            "loop_lag_ms",
            "tokens",
            "tokens_busy",
            "tokens_waiting",
            "pool",
            "pool_busy",
            "pool_waiting",
        )
        return {name: max(report[name] for report in reports) for name in names} if reports else {}


def _traffic(rows: NDArray[np.int64], span_s: float) -> dict[str, object]:
    """Rates, and response times from the intended start (`response`) and from the moment of sending (`service`)."""
    failed = int(np.count_nonzero(outcome_of(rows[:, _TAG])))
    return {
        "rps": round(len(rows) / span_s, 1),
        "failed_rps": round(failed / span_s, 1),
        "response": _times(rows[:, _DONE] - rows[:, _INTENDED]),
        "service": _times(rows[:, _DONE] - rows[:, _SENT]),
    }


def _times(times_ns: NDArray[np.int64]) -> Mapping[str, float | None]:
    if not len(times_ns):
        return dict.fromkeys(_PERCENTILES)
    found = np.percentile(times_ns, list(_PERCENTILES.values())) / 1e6
    return dict(zip(_PERCENTILES, (round(float(ms), 3) for ms in found), strict=True))


def _server(before: Snapshot, now: Snapshot, span_s: float) -> dict[str, object]:
    """The whole process tree; None where no process is known."""
    if not now.processes:
        return {"server_cpu": None, "server_rss_bytes": None, "server_threads": None}
    return {
        "server_cpu": round(_total(before, now) / span_s, 3),
        "server_rss_bytes": sum(one.rss_bytes for one in now.processes),
        "server_threads": sum(one.threads for one in now.processes),
    }


def _samples(rows: NDArray[np.int64], span_ns: tuple[int, int], cpu_s: float) -> Samples:
    """Rows as samples; what requests and failures are called is not known before the files are closed."""
    columns = np.ascontiguousarray(rows.T)
    return Samples(
        labels=("requests",),
        outcomes=("ok", "failed"),
        start_ns=span_ns[0],
        end_ns=span_ns[1],
        cpu_s=cpu_s,
        pauses=1,
        intended_ns=columns[_INTENDED],
        connect_ns=columns[1],
        sent_ns=columns[_SENT],
        first_ns=columns[3],
        done_ns=columns[_DONE],
        label=np.zeros(len(rows), np.int64),
        outcome=np.minimum(outcome_of(columns[_TAG]), 1),
        worker=columns[_TAG] >> 32,
    )


def _counts(numbers: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    values, counts = np.unique(numbers, return_counts=True)
    return values.tolist(), counts.tolist()


def _used(before: Snapshot, now: Snapshot) -> dict[int, float]:
    """The CPU seconds of each process between two snapshots; all of them of one that was born in between."""
    earlier = {one.pid: one.cpu_ns for one in before.processes}
    return {one.pid: (one.cpu_ns - earlier.get(one.pid, 0)) / 1e9 for one in now.processes}


def _total(before: Snapshot, now: Snapshot) -> float:
    return sum(_used(before, now).values())
