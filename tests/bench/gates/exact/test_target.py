"""The app that is measured: which one it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.gates.exact.job import CountingJob
from bench.gates.exact.target import answers, start_app
from scenarios.model import Request


def job(tree: Path, *foreign: Path) -> CountingJob:
    return CountingJob(
        tree=tree,
        root=tree,
        here=tree,
        imports=(tree,),
        foreign=foreign,
        app="bench.machine.bare_app:app",
        loop="asyncio",
        scenarios=(),
        scenarios_file=None,
        answer=tree / "answer",
        parts=tree / "part",
        agreed=tree / "agreed",
        leads=True,
    )


def test_an_app_from_elsewhere_is_measured_where_nothing_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    with start_app(job(tmp_path)) as app:
        (answer,) = answers(app, [Request("GET", "/")])
    assert (answer.status, answer.body) == (200, b'{"message":"pong"}')


def test_an_app_of_its_own_must_come_from_its_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    with (
        pytest.raises(
            BenchError, match=r"^bench\.machine\.bare_app:app was imported from .*, not from its own tree; "
        ),
        start_app(job(tmp_path, tmp_path / "other")),
    ):
        pass
