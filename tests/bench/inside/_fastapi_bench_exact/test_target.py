"""The app that is measured: which one it is, and what it needs of its interpreter."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.inside._fastapi_bench_exact.errors import InsideError
from bench.inside._fastapi_bench_exact.job import CountingJob
from bench.inside._fastapi_bench_exact.target import VisitRequest, answers, start_app
from bench.system.home import HOME
from scenarios.model import Request, Response
from tests.bench.inside._fastapi_bench_exact import jobs


def job(tree: Path, *foreign: Path) -> CountingJob:
    made = jobs.job(tree, leads=True)
    return replace(
        made,
        tree=tree,
        imports=(tree,),
        last=(HOME,),
        foreign=foreign,
        app="bench.machine.bare_app:app",
        loop="asyncio",
    )


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_an_app_from_elsewhere_is_measured_where_nothing_is_compared(tmp_path: Path) -> None:
    with start_app(job(tmp_path), Response) as app:
        (answer,) = answers(app, [VisitRequest(app.visit(), Request("GET", "/"))])
    assert (answer.status, answer.body) == (200, b'{"message":"pong"}')


def test_an_app_of_its_own_must_come_from_its_tree(tmp_path: Path) -> None:
    with (
        pytest.raises(
            InsideError, match=r"^bench\.machine\.bare_app:app was imported from .*, not from its own tree; "
        ),
        start_app(job(tmp_path, tmp_path / "other"), Response),
    ):
        pass


def test_an_interpreter_without_uvloop_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with (
        pytest.raises(InsideError, match=r'-m pip install uvloop .* loop = "asyncio"'),
        start_app(replace(job(tmp_path), loop="uvloop"), Response),
    ):
        pass


def test_a_wsgi_app_is_called_as_well(tmp_path: Path) -> None:
    (tmp_path / "flat_app.py").write_text(
        "class Site:\n"
        "    def __call__(self, environ, start):\n"
        "        start('201 Created', [('X-Mine', 'yes')])\n"
        "        return [environ['PATH_INFO'].encode(), environ['wsgi.input'].read()]\n"
        "site = Site()\n"
        "site.inner = site\n"
    )
    asked = replace(job(tmp_path), app="flat_app:site.inner", interface="wsgi")
    with start_app(asked, Response) as app:
        (answer,) = answers(app, [VisitRequest(app.visit(), Request("POST", "/a%20b?c", b"d"))])
    assert (answer.status, answer.body, answer.header("x-mine")) == (201, b"/a bd", "yes")
