"""`bench report`: the report of a run that is there already, written again, or its verdicts."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bench.builders import repeats, run
from tests.bench.cli.run_folder import keep
from tests.bench.program import bench_here


def test_the_report_is_written_again_and_its_page_is_named(tmp_path: Path) -> None:
    keep(run(*repeats("uvicorn", "noop-async", 100, 110), name="kept"), tmp_path)
    done = bench_here("report", "kept", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "kept/report.html\n")
    page = (tmp_path / "kept" / "report.html").read_text()
    assert "uvicorn" in page
    (tmp_path / "kept" / "report.html").unlink()
    assert bench_here("report", "kept", cwd=tmp_path).returncode == 0
    assert (tmp_path / "kept" / "report.html").read_text() == page


def test_without_a_folder_it_is_the_latest_run(tmp_path: Path) -> None:
    path = keep(run(*repeats("uvicorn", "noop-async", 100, 110), name="kept"), tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "latest").symlink_to(path)
    done = bench_here("report", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "kept/report.html\n")


def test_json_is_what_the_report_writes_and_nothing_else(tmp_path: Path) -> None:
    setups = (*repeats("uvicorn", "noop-async", 100, 110), *repeats("granian-1", "noop-async", 50, 55))
    folder = keep(run(*setups, name="kept"), tmp_path)
    done = bench_here("report", "kept", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "report.html").exists()
    assert not (folder / "results.json").exists()
    assert bench_here("report", "kept", cwd=tmp_path).returncode == 0
    assert done.stdout == (folder / "results.json").read_text(encoding="utf-8")
    found = json.loads(done.stdout)
    assert found["schema"] == 2
    assert [one["setup"] for one in found["rankings"][0]["order"]] == ["uvicorn", "granian-1"]
    first = found["comparisons"][0]
    assert [first[key] for key in ("kind", "base", "head", "ratio")] == ["setup", "uvicorn", "granian-1", 0.5]
