"""A chapter of the study, from a made-up run."""

from __future__ import annotations

import pytest

from bench.report.chapter import Chapter, chapter
from bench.results.results import understand
from tests.bench.results.study.made import endpoint, io_run, micro


@pytest.fixture(scope="module")
def made() -> Chapter:
    found = chapter(understand(io_run(), micro(endpoint("io-async", 10_110), endpoint("io-sync", 10_400))))
    assert found is not None
    return found
