"""Charts are drawn where the extra `charts` is installed, as it is for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.report.charts import can_draw

METADATA = (
    'Metadata-Version: 2.4\nName: fastapi-bench\nVersion: 9\nRequires-Dist: no-such-x; extra == "charts"\n'
)


def test_charts_can_be_drawn_where_their_packages_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert can_draw()
    (tmp_path / "fastapi_bench-9.dist-info").mkdir()
    (tmp_path / "fastapi_bench-9.dist-info" / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(tmp_path)
    assert not can_draw()
