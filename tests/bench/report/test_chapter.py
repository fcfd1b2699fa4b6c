"""The chapter in the report, and runs that have none."""

from __future__ import annotations

from pathlib import Path

from bench.report.chapter import Chapter, chapter
from bench.results.results import understand
from tests.bench.builders import realistic, record, report, run
from tests.bench.report.test_report import PageReader
from tests.bench.results.study.made import endpoint, io_run, micro


def test_the_page_has_the_chapter_with_every_table_and_chart(made: Chapter, tmp_path: Path) -> None:
    benchmarks = micro(endpoint("io-async", 10_110), endpoint("io-sync", 10_400))
    page = PageReader(report(io_run(), tmp_path, benchmarks).read_text())
    assert page.faults == []
    assert "study" in page.values("id")
    assert "#study" in page.values("href")
    assert {f"chart-{chart.name}" for chart in made.charts} <= set(page.values("id"))
    for table in (*made.tables, *made.details):
        assert table.title in page.text
    assert "I/O of 10 ms at 128 users: async 3.00 × the requests of sync" in page.text
    written = (tmp_path / "report.md").read_text()
    assert "## Async or sync: the study" in written
    assert written.count("charts/study-io-uvicorn.png") == 1
    assert (tmp_path / "charts" / "study-costs.png").exists()


def test_other_runs_have_no_such_chapter(tmp_path: Path) -> None:
    assert chapter(understand(realistic())) is None
    assert "study" not in PageReader(report(run(record()), tmp_path).read_text()).values("id")
