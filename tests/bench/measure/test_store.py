from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.measure.store import RunFolder, read_run
from bench.model.facts import read_facts
from bench.model.record import Caveat, Failure, Latency, Record, ResourceSlice, TimelineBin, WorkerTimeline
from tests.bench.builders import CLOSED, OPEN, realistic, record, repeats

LATENCY = {"mean", "p50", "p90", "p95", "p99", "p999", "max"}


def full_record(**more: Any) -> Record:
    """A record without an empty field."""
    made = record(
        workers=(60, 40),
        victim_p99=3.0,
        caveats=(Caveat("lag", "1 % left late"),),
        timeline=(TimelineBin(t_s=0.0, throughput_rps=990.0, errors=1, p50_ms=2.0, p99_ms=6.0),),
        curve=((50.0, 2.0),),
        **more,
    )
    slices = (ResourceSlice(t_s=0.1, cpu_share=0.5, rss_bytes=90_000_000, threads=4, connections=33),)
    line = WorkerTimeline(
        t_s=(0.1,),
        cpu_share=(0.5,),
        run_wait_share=(0.25,),
        rss_bytes=(90_000_000,),
        threads=(4,),
        switches_per_s=(120,),
        preemptions_per_s=(7,),
        throughput_rps=(990.5,),
        loop_lag_ms=(None,),
        tokens_busy=(40,),
        tokens_waiting=(2,),
        pool_busy=(10,),
        pool_waiting=(1,),
        gc_pause_ms=(1.25,),
    )
    first, *rest = made.resources.workers
    first = replace(
        first,
        run_wait_s=0.2,
        switches=120,
        preemptions=7,
        response_ms=Latency(p50=2.0),
        tokens=40,
        pool=10,
        collections=(9, 1, 0),
        gc_ms=3.5,
        timeline=line,
    )
    used = replace(made.resources, workers=(first, *rest), timeline=slices, busy_share=0.75)
    summary = replace(made.summary, answered=3000, under_way=(2, 3))
    return replace(made, summary=summary, resources=used, started_at="2026-11-24T16:20:00")


def written(folder: Path, *records: Record) -> list[dict[str, Any]]:
    run = RunFolder(folder / "run", {})
    for made in records:
        run.add(made)
    return [json.loads(line) for line in (folder / "run" / "records.jsonl").read_text().splitlines()]


# --- the format ----------------------------------------------------------------------------------


def test_a_record_has_the_field_names_that_others_read(tmp_path: Path) -> None:
    line = written(tmp_path, full_record())[0]
    assert set(line) == {
        *(
            "schema",
            "run",
            "cell",
            "summary",
            "resources",
            "generator",
            "valid",
            "caveats",
            "started_at",
            "profile",
            "slices",
            "idle_cpu_share",
            "failed",
            "fleet",
            "server_log",
        )
    }
    assert line["schema"] == 1
    assert line["valid"] is True
    assert set(line["cell"]) == {"setup", "scenario", "engine", "load", "repeat"}
    assert set(line["summary"]) >= {
        *("requests", "errors", "shed", "throughput_rps", "response_ms", "service_ms", "lag_ms"),
        *("by_request", "timeline"),
    }
    for times in ("response_ms", "service_ms", "lag_ms"):
        assert set(line["summary"][times]) == LATENCY
    (part,) = line["summary"]["by_request"].values()
    assert set(part) == {
        *("requests", "errors", "response_ms", "shed", "under_way", "errors_by_kind", "throughput_rps"),
        *("first_byte_ms", "gap_ms", "gaps"),
    }
    assert set(line["resources"]) >= {"cpu_us_per_request", "rss_peak_bytes", "workers"}
    for worker in line["resources"]["workers"]:
        assert set(worker) >= {"pid", "requests", "cpu_s", "rss_peak_bytes"}
    assert set(line["generator"]) >= {"cpu_share", "cpu_us_per_request", "late_ms", "stalled_share"}
    assert line["caveats"] == [{"code": "lag", "text": "1 % left late"}]


def test_loads_are_told_apart_by_kind(tmp_path: Path) -> None:
    closed, opened = (
        line["cell"]["load"] for line in written(tmp_path, record(load=CLOSED), record(load=OPEN))
    )
    assert (closed["kind"], closed["users"], closed["duration_s"]) == ("closed", 32, 3.0)
    assert (opened["kind"], opened["arrivals_per_s"], opened["duration_s"]) == ("open", 400, 3.0)


def test_what_is_written_is_read_again_the_same(tmp_path: Path) -> None:
    made = realistic()
    run = RunFolder(tmp_path / made.name, made.facts.source)
    for one in made.records:
        run.add(one)
    for failure in made.failures:
        run.add_failure(failure)
    facts = read_facts(json.loads(json.dumps(made.facts.source)))  # JSON knows no tuples
    assert read_run(tmp_path / made.name) == replace(made, facts=facts)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    text=st.text(max_size=20),
    figure=st.floats(min_value=0, max_value=1e12),
    count=st.none() | st.integers(0, 2**53),
    valid=st.booleans(),
)
def test_any_text_and_figure_survives(
    tmp_path_factory: pytest.TempPathFactory, text: str, figure: float, count: int | None, valid: bool
) -> None:
    folder = tmp_path_factory.mktemp("run")
    made = full_record(setup=text, throughput=1.0, p50=figure, cpu_us=figure, valid=valid)
    made = replace(made, caveats=(Caveat(text, text),), resources=record(workers=(count,)).resources)
    written(folder, made, made)
    assert read_run(folder / "run").records == (made, made)


def test_a_record_of_before_the_workers_had_a_timeline_is_read(tmp_path: Path) -> None:
    """As the first version wrote them."""
    path = tmp_path / "run"
    line = written(tmp_path, full_record())[0]
    for worker in line["resources"]["workers"]:
        for name in set(worker) - {"pid", "requests", "cpu_s", "rss_peak_bytes", "threads_peak"}:
            del worker[name]
    del line["resources"]["busy_share"], line["resources"]["timeline"][0]["connections"]
    del line["summary"]["answered"], line["summary"]["under_way"]
    (path / "records.jsonl").write_text(json.dumps(line) + "\n")
    (found,) = read_run(path).records
    assert found.resources.workers[0].timeline == WorkerTimeline()
    assert (found.resources.busy_share, found.resources.timeline[0].connections) == (None, None)
    assert found.resources.workers[0].requests == 60


def test_fields_of_later_writers_are_ignored(tmp_path: Path) -> None:
    line = written(tmp_path, full_record())[0]
    line["cell"]["colour"] = line["mood"] = "blue"
    (tmp_path / "run" / "records.jsonl").write_text(json.dumps(line) + "\n")
    assert read_run(tmp_path / "run").records == (full_record(),)


# --- a run that goes on, ends badly, or is none --------------------------------------------------


def test_each_record_is_on_disk_when_add_returns(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run", {})
    for count, made in enumerate(repeats("uvicorn", "noop-async", 1.0, 2.0, 3.0), 1):
        run.add(made)
        assert len(read_run(tmp_path / "run").records) == count


def test_a_last_line_that_was_cut_off_is_left_out_at_every_length(tmp_path: Path) -> None:
    written(tmp_path, full_record(), full_record(repeat=1))
    path = tmp_path / "run" / "records.jsonl"
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for length in (*range(first, len(whole), 97), len(whole) - 1):
        path.write_bytes(whole[:length])
        assert read_run(tmp_path / "run").records == (full_record(),)


BAD_LINES = {
    "no-json": ("{oops", "Expecting property name"),
    "no-object": ("[]", "the line: "),
    "a-field-is-missing": ('{"run": "x"}', "cell: Field required"),
    "a-later-version": ('{"schema": 2}', "schema 2, this version reads 1"),
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_named_with_its_reason(tmp_path: Path, line: str, reason: str) -> None:
    written(tmp_path, full_record())
    path = tmp_path / "run" / "records.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UsageError) as caught:
        read_run(tmp_path / "run")
    assert str(caught.value).startswith(f"{path}, line 2: {reason}")
    assert "\n" not in str(caught.value)


def test_facts_are_replaced_as_a_whole(tmp_path: Path) -> None:
    """A reader who opened the old file still holds all of it: it is never written over."""
    run = RunFolder(tmp_path / "run", {"finished": False, "seed": 3})
    with (tmp_path / "run" / "run.json").open() as before:
        run.add_facts(finished=True)
        assert json.loads(before.read()) == {"finished": False, "seed": 3}
    assert read_run(tmp_path / "run").facts.source == {"finished": True, "seed": 3}
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["records.jsonl", "run.json"]


def test_a_run_is_readable_from_its_first_moment(tmp_path: Path) -> None:
    RunFolder(tmp_path / "a" / "b", {"plan": 1})
    run = read_run(tmp_path / "a" / "b")
    assert (run.name, run.facts.source, run.records, run.failures) == ("b", {"plan": 1}, (), ())


def test_failures_are_kept_apart(tmp_path: Path) -> None:
    failure = Failure("uvicorn", 1, "it did not start;\nits log", "noop-async")
    run = RunFolder(tmp_path / "run", {})
    run.add_failure(failure)
    found = read_run(tmp_path / "run")
    assert (found.records, found.failures) == ((), (failure,))


def test_a_folder_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run", {"first": True})
    with pytest.raises(UsageError, match="there is a run already; give another --out"):
        RunFolder(tmp_path / "run", {"first": False})
    assert read_run(tmp_path / "run").facts.source == {"first": True}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file/run: cannot be created: "):
        RunFolder(tmp_path / "file" / "run", {})


def test_what_is_no_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(UsageError, match=rf"^{place}: no run here"):
            read_run(place)


def test_facts_that_are_no_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(UsageError, match=r"run\.json: Expecting"):
        read_run(tmp_path)


@pytest.mark.parametrize("facts", ["[1, 2]", "3", "null"])
def test_facts_that_are_no_object_are_named(tmp_path: Path, facts: str) -> None:
    (tmp_path / "run.json").write_text(facts)
    with pytest.raises(UsageError, match=r"run\.json: not a JSON object$"):
        read_run(tmp_path)


def test_latest_points_to_the_newest_even_when_the_folder_moves(tmp_path: Path) -> None:
    for name in ("first", "second"):
        RunFolder(tmp_path / "reports" / name, {"name": name}, latest=True).add(record())
    assert os.readlink(tmp_path / "reports" / "latest") == "second"
    (tmp_path / "reports").rename(tmp_path / "elsewhere")
    assert read_run(tmp_path / "elsewhere" / "latest").facts.source == {"name": "second"}
    assert read_run(tmp_path / "elsewhere" / "latest").name == "second"


def test_latest_points_to_what_holds_something_a_failure_at_least(tmp_path: Path) -> None:
    shown = RunFolder(tmp_path / "shown", {}, latest=True)
    assert (shown.empty, os.path.lexists(tmp_path / "latest")) == (True, False)
    shown.add_failure(Failure("uvicorn", 1, "it does not start"))
    assert (shown.empty, os.readlink(tmp_path / "latest")) == (False, "shown")
    RunFolder(tmp_path / "empty", {}, latest=True)
    RunFolder(tmp_path / "apart", {}).add(record())
    assert os.readlink(tmp_path / "latest") == "shown"


def test_a_folder_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine").touch()
    RunFolder(tmp_path / "run", {}, latest=True).add(record())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "run"]
    assert (tmp_path / "latest" / "mine").exists()


def test_secrets_are_masked_in_all_files(tmp_path: Path) -> None:
    """By the names in a setup's environment and command line, and where an error repeats their values."""
    setup = {"name": "a", "env": {"APP_SECRET": "hush-hush"}, "args": ["--token", "quiet-now"], "about": "x"}
    folder = RunFolder(tmp_path / "run", {"plan": {"setups": {"a": setup}}})
    kept = folder.add_failure(Failure("a", 0, "said hush-hush, quiet-now and redis://:pw@host"))
    assert kept.error == "said ***, *** and redis://:***@host"
    folder.add(record(caveats=(Caveat("wrong", "it answered hush-hush"),)))
    folder.add_facts(finished=True)
    written = "".join(file.read_text() for file in (tmp_path / "run").iterdir())
    assert [word for word in ("hush-hush", "quiet-now", ":pw@") if word in written] == []
    found = read_run(tmp_path / "run")
    assert found.failures == (kept,)
    assert found.records[0].caveats == (Caveat("wrong", "it answered ***"),)
    assert found.facts.plan.setup("a").fields["args"] == ["--token", "***"]
