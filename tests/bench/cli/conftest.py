from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.program import lay_out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a user's own server, setups, scenarios and plans."""
    lay_out(tmp_path)
    return tmp_path
