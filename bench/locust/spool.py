"""The spool: a folder in which every process that makes load leaves its sample files while a test runs.

A file is named `RUN-PROCESS.samples`: RUN numbers the tests of one master, PROCESS is any name of a process. Where all
of a file's requests are of one scenario, PROCESS ends in `@SCENARIO`; else each label begins with its scenario.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from bench.model import recording
from bench.model.evidence import SeenFailure, read_failures
from bench.model.samples import FAILURES_SUFFIX, Recording, Samples

SUFFIX = ".samples"
_BETWEEN = "\x1f"
"""In a label, between its scenario and the name of the request."""


def sample_path(spool: Path, run: int, process: str, scenario: str = "") -> Path:
    """Where a process writes its samples of a test; a `scenario` is that of all of them."""
    of = f"@{quote(scenario, safe='')}" if scenario else ""
    return spool / f"{run}-{quote(process, safe='')}{of}{SUFFIX}"


def sample_files(spool: Path, run: int) -> tuple[Path, ...]:
    """The sample files of a test, in the order of their names."""
    return tuple(sorted(spool.glob(f"{run}-*{SUFFIX}")))


def is_closed(path: Path) -> bool:
    """Whether a process has written all that it has to say: its facts come last."""
    try:
        json.loads(path.with_suffix(".json").read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return True


def last_done_ns(paths: Sequence[Path]) -> int:
    """When the last request in these files ended; 0 without one."""
    parts = recording.record(paths).parts()
    return max((int(part.done_ns.max()) for part in parts if len(part.done_ns)), default=0)


def label(scenario: str, request: str) -> str:
    """The label of a request, in a file with several scenarios."""
    return f"{scenario}{_BETWEEN}{request}"


def gather(
    paths: Sequence[Path], span_ns: tuple[int, int], most_rows: int = recording.MOST_ROWS
) -> tuple[Recording, Mapping[str, Recording]]:
    """All samples of a test in this measured part, and those of each scenario; the files must stay there.

    More than `most_rows` are not held at once. Samples of which nobody says the scenario belong to the whole alone. A
    scenario's samples have the facts of processes from the whole, but for the requests that were sent again.
    """
    for path in paths:
        _name_scenario(path)
    start_ns, end_ns = span_ns
    whole = recording.record(paths, most_rows).map(
        lambda part: replace(part, start_ns=start_ns, end_ns=end_ns)
    )
    pairs = [_split(text) for text in whole.labels]
    names = dict.fromkeys(scenario for scenario, _ in pairs if scenario)
    requests = [request for _, request in pairs]
    failed = [one for path in paths for one in _failures(path)]
    failures = tuple(one for _, one in failed)
    everything = whole.map(lambda part: replace(_relabel(part, requests), failures=failures))
    return everything, {name: _only(whole, name, pairs, failed) for name in names}


def _name_scenario(path: Path) -> None:
    """Let the labels of a file say the scenario that its name says."""
    _, at, quoted = path.stem.rpartition("@")
    place = path.with_suffix(".json")
    facts = json.loads(place.read_text())
    if at and not any(_BETWEEN in text for text in facts["labels"]):
        facts["labels"] = [label(unquote(quoted), text) for text in facts["labels"]]
        place.write_text(json.dumps(facts))


def _split(text: str) -> tuple[str, str]:
    """Scenario, empty where nobody says it, and request of a label."""
    scenario, between, request = text.partition(_BETWEEN)
    return (scenario, request) if between else ("", text)


def _failures(path: Path) -> Iterator[tuple[str, SeenFailure]]:
    """The first failures of a file by their own names, each with its scenario, which is empty where nobody says it."""
    of_file = unquote(path.stem.rpartition("@")[2]) if "@" in path.stem else ""
    for one in read_failures(path.with_suffix(FAILURES_SUFFIX)):
        scenario, request = _split(one.request)
        yield scenario or of_file, replace(one, request=request)


def _only(
    whole: Recording,
    scenario: str,
    pairs: Sequence[tuple[str, str]],
    failed: Sequence[tuple[str, SeenFailure]],
) -> Recording:
    """The samples of one scenario."""
    names = [request if name == scenario else None for name, request in pairs]
    mine = np.array([name is not None for name in names])
    failures = tuple(one for name, one in failed if name == scenario)

    def choose(part: Samples) -> Samples:
        gaps = part.gaps.rows(mine[part.gaps.label])
        chosen = replace(part.rows(mine[part.label]), gaps=gaps, failures=failures, resent=0)
        return _relabel(chosen, names)

    return whole.map(choose)


def _relabel(part: Samples, names: Sequence[str | None]) -> Samples:
    """Samples with other names for their labels; alike names become one, and one that is None has no samples."""
    labels = tuple(dict.fromkeys(name for name in names if name is not None))
    numbers = np.array([0 if name is None else labels.index(name) for name in names], dtype=np.int64)
    gaps = replace(part.gaps, label=numbers[part.gaps.label])
    return replace(part, labels=labels, label=numbers[part.label], gaps=gaps)
