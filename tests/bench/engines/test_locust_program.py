"""Locust as an engine reads no settings but those of its command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.model.plan import ClosedLoad
from tests.bench.engines.conftest import Engine

LOAD = ClosedLoad(2, 0.5, 0.1)
SETTINGS = {
    "locust.conf": ("locust.conf", "run-time = 1\nprocesses = 2\n"),
    "pyproject.toml": ("pyproject.toml", "[tool.locust]\nrun-time = 1\nusers = 7\nheadless = false\n"),
    "the user's own": (".locust.conf", "run-time = 1\nhost = http://127.0.0.1:1\n"),
}


@pytest.mark.parametrize(("file", "text"), SETTINGS.values(), ids=SETTINGS)
def test_files_change_nothing(
    file: str, text: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    rows = engine.run(engine.job("ok", LOAD), engine="locust")

    assert len(rows.outcome) == rows.outcome.tolist().count(0) == engine.peer.seen["/ok"] > 0
    assert rows.duration_s == pytest.approx(0.5)


def test_variables_change_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOCUST_PROCESSES": "2", "LOCUST_RUN_TIME": "1", "LOCUST_USERS": "9"}.items():
        monkeypatch.setenv(name, value)

    rows = engine.run(engine.job("ok", LOAD), engine="locust")

    assert len(rows.outcome) == engine.peer.seen["/ok"] > 0
