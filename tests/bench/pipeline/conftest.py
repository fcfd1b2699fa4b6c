from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.pipeline.fake_forge import FakeForge, serving


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    """A forge of the test's own."""
    with serving() as running:
        yield running
