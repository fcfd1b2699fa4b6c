from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.repository import made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return made(tmp_path)
