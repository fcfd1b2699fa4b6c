from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.engines.peer import Peer
from tests.bench.locust.by_hand import ByHand, lay_out


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[ByHand]:
    """Locust with scenarios of a user's own, without a journey."""
    lay_out(tmp_path)
    with Peer() as peer:
        yield ByHand(tmp_path, peer)
