"""An hour at 5,000 requests a second, by a simulated clock: how much the memory of each side grows, in bytes.

python -m tests.bench.results.soak FOLDER
"""

from __future__ import annotations

import resource
import sys
from array import array
from pathlib import Path

import numpy as np

from bench.model.recording import record
from bench.model.samples import SampleFile, Stalls, tag
from bench.results.summary import answers_by_worker, summarise

ROWS, EVERY_NS = 18_000_000, 200_000
_AT_ONCE = 4_000
_LATE_EVERY_NS = 5_000_000


def write(path: Path, rows: int) -> None:
    """The path of samples in a generator; response times are lognormal, around 1.2 ms."""
    file, rng = SampleFile(path), np.random.default_rng(1)
    kinds = np.array([tag(file.label(f"GET /{name}"), 0, 77) for name in "abc"])
    for first in range(0, rows, _AT_ONCE):
        done_ns = (first + np.arange(1, _AT_ONCE + 1)) * EVERY_NS
        took_ns = rng.lognormal(14, 1, _AT_ONCE).astype(np.int64)
        sent_ns, first_ns = done_ns - took_ns, done_ns - took_ns // 2
        columns = (sent_ns, done_ns * 0, sent_ns, first_ns, done_ns, rng.choice(kinds, _AT_ONCE))
        file.append(array("q", np.stack(columns, 1).tobytes()))  # type: ignore[arg-type]
        file.gaps.add(0, done_ns[::10].tolist())
        file.spill()
    end_ns = rows * EVERY_NS
    stalls = Stalls(np.zeros(end_ns // _LATE_EVERY_NS, np.int64))
    file.close(start_ns=0, end_ns=end_ns, shed=0, cpu_s=1.0, sent=rows, stalls=stalls)


def main(folder: Path) -> None:
    write(folder / "warm", _AT_ONCE)
    summarise(record([folder / "warm"]))
    begin = _peak_bytes()
    write(folder / "samples", ROWS)
    written = _peak_bytes()
    recording = record([folder / "samples"])
    found = summarise(recording)
    answers = answers_by_worker(recording)[77].counts.sum()
    grown = (written - begin, _peak_bytes() - begin)
    print(*grown, found.requests, found.answered, answers, found.response_ms.p50, found.response_ms.p99)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
