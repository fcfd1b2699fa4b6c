"""The spool puts the samples of all processes together, and takes the scenarios apart again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.locust import spool
from bench.model.evidence import SeenFailure, write_failures
from bench.model.recording import MOST_ROWS
from bench.model.samples import Recording, SampleFile, tag

SPAN_NS = (100, 900)

Row = tuple[str, int, str]
"""Label, moment of sending, outcome."""


def write(path: Path, rows: Sequence[Row], *, resent: int = 0) -> Path:
    file = SampleFile(path)
    for label, sent_ns, outcome in rows:
        number = file.label(label)
        file.append((sent_ns, 0, sent_ns, sent_ns + 7, sent_ns + 7, tag(number, file.outcome(outcome), 0)))
        file.gaps.add(number, [sent_ns, sent_ns + 5])
    file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.5, resent=resent)
    return path


def count(samples: Recording) -> Counter[tuple[str, str]]:
    """The requests of the measured part by name and outcome."""
    return Counter(
        (samples.labels[label], samples.outcomes[outcome])
        for part in samples.parts()
        for label, outcome, sent_ns in zip(part.label, part.outcome, part.sent_ns, strict=True)
        if samples.start_ns <= sent_ns < samples.end_ns
    )


def count_gaps(samples: Recording) -> Counter[str]:
    return Counter(samples.labels[label] for part in samples.parts() for label in part.gaps.label)


HELD = pytest.mark.parametrize("most_rows", [MOST_ROWS, 1], ids=["samples at hand", "samples in their files"])


@pytest.fixture
def paths(tmp_path: Path) -> Sequence[Path]:
    """Two processes with two scenarios each, which both ask for /items, and one native process with a third."""
    write(
        spool.sample_path(tmp_path, 3, "one"),
        [
            (spool.label("browse", "GET /items"), 150, "ok"),
            (spool.label("buy", "GET /items"), 160, "ok"),
            (spool.label("buy", "pay"), 170, "status-500"),
        ],
        resent=2,
    )
    write(
        spool.sample_path(tmp_path, 3, "host-2"),
        [
            (spool.label("buy", "GET /items"), 180, "timeout"),
            (spool.label("browse", "GET /items"), 190, "ok"),
            (spool.label("buy", "pay"), 950, "ok"),
        ],
    )
    write(spool.sample_path(tmp_path, 3, "host-2/7", "look around"), [("GET /items", 200, "ok")])
    write(spool.sample_path(tmp_path, 4, "one"), [(spool.label("browse", "GET /items"), 150, "ok")])
    return spool.sample_files(tmp_path, 3)


@HELD
def test_the_whole_has_the_requests_of_all_by_name(most_rows: int, paths: Sequence[Path]) -> None:
    whole, _ = spool.gather(paths, SPAN_NS, most_rows)
    assert len(paths) == 3
    assert count(whole) == {
        ("GET /items", "ok"): 4,
        ("GET /items", "timeout"): 1,
        ("pay", "status-500"): 1,
    }
    assert (whole.start_ns, whole.end_ns, whole.resent, whole.cpu_s) == (100, 900, 2, 1.5)
    assert count_gaps(whole) == {"GET /items": 5, "pay": 2}


@HELD
def test_each_scenario_has_its_own(most_rows: int, paths: Sequence[Path]) -> None:
    _, scenarios = spool.gather(paths, SPAN_NS, most_rows)
    assert {name: count(samples) for name, samples in scenarios.items()} == {
        "browse": {("GET /items", "ok"): 2},
        "buy": {("GET /items", "ok"): 1, ("pay", "status-500"): 1, ("GET /items", "timeout"): 1},
        "look around": {("GET /items", "ok"): 1},
    }
    assert scenarios["browse"].labels == ("GET /items",)
    assert count_gaps(scenarios["buy"]) == {"GET /items": 2, "pay": 2}
    assert {samples.resent for samples in scenarios.values()} == {0}


def test_to_gather_twice_gives_the_same(paths: Sequence[Path]) -> None:
    first, again = spool.gather(paths, SPAN_NS), spool.gather(paths, SPAN_NS)
    assert count(first[0]) == count(again[0])
    assert list(first[1]) == list(again[1])


def test_failures_go_to_the_scenarios_that_make_such_requests(tmp_path: Path) -> None:
    path = spool.sample_path(tmp_path, 1, "one")
    write(path, [(spool.label("browse", "look"), 150, "ok"), (spool.label("buy", "pay"), 160, "status-500")])
    failure = SeenFailure(kind="status-500", request="pay", done_ns=167, sent=b"POST /pay")
    kept = replace(failure, request=spool.label("buy", "pay"))
    write_failures(path.with_suffix(".errors"), [kept])
    whole, scenarios = spool.gather([path], SPAN_NS)
    assert whole.failures == scenarios["buy"].failures == (failure,)
    assert scenarios["browse"].failures == ()


def test_a_failure_is_not_that_of_another_scenario_with_such_a_request(tmp_path: Path) -> None:
    paths = [spool.sample_path(tmp_path, 1, name, scenario=name) for name in ("right", "wrong")]
    for path, outcome in zip(paths, ("ok", "status-500"), strict=True):
        write(path, [("GET /", 150, outcome)])
    failure = SeenFailure(kind="status-500", request="GET /", done_ns=167, sent=b"GET /")
    write_failures(paths[1].with_suffix(".errors"), [failure])
    _, scenarios = spool.gather(paths, SPAN_NS)
    assert scenarios["wrong"].failures == (failure,)
    assert scenarios["right"].failures == ()


def test_samples_without_a_scenario_belong_to_the_whole(tmp_path: Path) -> None:
    path = write(spool.sample_path(tmp_path, 1, "one"), [("GET /", 150, "ok")])
    whole, scenarios = spool.gather([path], SPAN_NS)
    assert (count(whole), scenarios) == ({("GET /", "ok"): 1}, {})


def test_a_file_is_closed_once_its_facts_are_there(tmp_path: Path) -> None:
    path = spool.sample_path(tmp_path, 1, "one")
    assert not spool.is_closed(path)
    file = SampleFile(path)
    assert not spool.is_closed(path)
    file.close(start_ns=0, end_ns=1, shed=0, cpu_s=0.0)
    assert spool.is_closed(path)
    assert np.fromfile(path).size == 0
