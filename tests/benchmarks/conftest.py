"""The app in-process and loops that stay, for pytest-benchmark: no socket, no server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from typing import Any

import pytest
from fastapi_bench.pytest_plugin import asgi_benchmark as asgi_benchmark

from bench.engines.asgi_benchmark import AsgiBenchmark
from bench.engines.inprocess import InProcess
from scenarios.model import Request
from target_app.main import create_app
from tests.benchmarks.apps import AppOn, Started, bare
from tests.benchmarks.measuring import LOOPS, Measure
from tests.target_app.settings import settings_of

FreshDatabase = Callable[[], AbstractContextManager[str]]
Groups = Sequence[tuple[str, list[Mapping[str, Any]]]]


@pytest.fixture
def measure(asgi_benchmark: AsgiBenchmark) -> Measure:
    """Runs and describes the benchmark of a test."""
    return Measure(asgi_benchmark)


@contextmanager
def _apps(fresh: FreshDatabase) -> Iterator[Callable[[str], Started]]:
    """Starts the target app on a loop, over a database of its own, when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def on(loop: str) -> Started:
            url = stack.enter_context(fresh())
            app = create_app(settings_of(bench=True, database_url=url, pool_timeout_s=30))
            return Started(app, stack.enter_context(InProcess(app, LOOPS[loop])))

        yield on


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Started]]:
    """The target app over SQLite, on the loop of this name."""
    with _apps(lambda: nullcontext(f"sqlite:///{tmp_path_factory.mktemp('app') / 'app.db'}")) as apps:
        yield apps


@pytest.fixture(scope="session")
def on_postgres(fresh_postgres: FreshDatabase) -> Iterator[Callable[[str], Started]]:
    """The target app over a PostgreSQL of the tests' own, on the loop of this name."""
    with _apps(fresh_postgres) as apps:
        yield apps


@pytest.fixture
def app_on(request: pytest.FixtureRequest) -> AppOn:
    """The target app on a loop, over a kind of database."""
    return lambda loop, database: request.getfixturevalue(f"on_{database}")(loop)


@pytest.fixture(scope="session")
def bare_on() -> Iterator[Callable[[str], InProcess]]:
    """An app that does nothing, on a loop of its own: for the loop itself, and to see what our client costs."""
    with ExitStack() as stack:
        yield cache(lambda loop: stack.enter_context(InProcess(bare, LOOPS[loop])))


@pytest.fixture(scope="session")
def page(on_sqlite: Callable[[str], Started]) -> bytes:
    """Fifty records as the endpoints of `json` answer them."""
    return on_sqlite("uvloop").inside.send(Request("GET", "/bench/json/model?size=50")).body


@pytest.fixture(scope="session")
def text(on_sqlite: Callable[[str], Started]) -> bytes:
    """Sixteen kilobytes as the endpoint of `gzip` answers them where nothing is compressed."""
    return on_sqlite("uvloop").inside.send(Request("GET", "/bench/gzip?size=16384")).body


@pytest.fixture
def inside() -> Iterator[Callable[..., InProcess]]:
    """Puts an app of a test on a loop of its own."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(InProcess(app, LOOPS["uvloop"]))


def pytest_benchmark_group_stats(benchmarks: Sequence[Mapping[str, Any]], group_by: str) -> Groups | None:
    """Tables in which like stands by like: a round of many calls does not belong beside one call."""
    if group_by != "group":
        return None
    tables: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in benchmarks:
        concurrency = one["extra_info"].get("concurrency", 1)
        tables[f"{one['group']}, {concurrency} at once" if concurrency > 1 else one["group"]].append(one)
    return sorted(tables.items())


def pytest_benchmark_update_json(output_json: dict[str, Any]) -> None:
    """Leave out the time of each round, which is most of the file: the quartiles stay."""
    for one in output_json["benchmarks"]:
        one["stats"].pop("data", None)
