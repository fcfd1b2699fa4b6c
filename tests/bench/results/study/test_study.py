from __future__ import annotations

from bench.results.results import understand
from bench.results.study import study_of
from tests.bench.builders import repeats, results
from tests.bench.results.study.made import endpoint, io_run, micro


def test_a_run_without_several_levels_of_twins_has_no_study() -> None:
    assert (
        study_of(results(*repeats("uvicorn", "io-async", 1, 1), *repeats("uvicorn", "io-sync", 1, 1))) is None
    )
    assert study_of(results()) is None


def test_without_benchmarks_the_study_says_how_to_make_them() -> None:
    study = study_of(understand(io_run()))
    assert study is not None
    assert study.costs == ()
    assert study.missing.endswith("`make micro RUN=FOLDER`.")


def test_with_benchmarks_nothing_is_missing() -> None:
    study = study_of(understand(io_run(), micro(endpoint("io-async", 10_110))))
    assert study is not None
    assert [one.cell.scenario for one in study.costs] == ["io-async"]
    assert study.missing == ""
