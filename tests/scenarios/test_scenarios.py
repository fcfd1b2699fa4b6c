"""Every scenario against the real app, so that nobody measures an error page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import cast

import pytest

from bench.engines.inprocess import InProcess
from scenarios import SCENARIOS
from scenarios.model import Request, Response, Scenario, drive, requests_of
from scenarios.websocket import SWITCHED
from target_app.main import create_app
from target_app.settings import Settings

LIFE = [
    ("POST {root}", 201),
    ("GET {root}/{{id}}", 200),
    ("PATCH {root}/{{id}}", 200),
    ("GET {root}", 200),
    ("DELETE {root}/{{id}}", 204),
]

READS = [name for name in SCENARIOS if name.startswith("db-") and "counter" not in name]

MIXED = {"journey-shop"}
"""A session of these is one of several."""

each = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


@pytest.fixture(scope="module")
def app(weak_passwords: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The app in bench mode with its thousand seeded items."""
    database = tmp_path_factory.mktemp("app") / "app.db"
    with InProcess(create_app(Settings(bench=True, database_url=f"sqlite:///{database}"))) as running:
        yield running


@each
def test_every_answer_is_as_expected(app: InProcess, scenario: Scenario) -> None:
    for flow in filter(None, (scenario.flow, scenario.victim)):
        for seed in range(3):
            exchanged = list(drive(flow(Random(seed)), app.send))
            assert exchanged
            assert [request.fault(response) for request, response in exchanged] == [None] * len(exchanged)


@each
def test_app_without_these_endpoints_is_found_out(app: InProcess, scenario: Scenario) -> None:
    """A page that is not found and a success of another kind are faults of the first request.

    A WebSocket that is not found is refused, and its answers are those of messages.
    """
    request = next(requests_of(scenario.session(Random(0))))
    missing = "status-403" if request.expect == SWITCHED else "status-404"
    assert request.fault(app.send(request._replace(path="/nowhere"))) == missing
    if request.expect == SWITCHED:
        _, request, *_ = (request for request, _ in drive(scenario.session(Random(0)), app.send))
    assert request.fault(Response(cast(int, request.expect), b'{"id":"?","detail":"fine"}')) == "wrong-body"


@each
def test_is_named_and_described(scenario: Scenario) -> None:
    assert SCENARIOS[scenario.name] is scenario
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", scenario.name)
    assert scenario.name in (f"{scenario.group}-{scenario.variant}", scenario.group)
    assert re.fullmatch(r"[A-Z0-9].{10,90}\.", scenario.about)


@each
def test_labels_are_few(app: InProcess, scenario: Scenario) -> None:
    """One a step, whatever the ids: times are grouped by them."""
    sessions = [
        [request.label for request, _ in drive(scenario.flow(Random(seed)), app.send)] for seed in range(3)
    ]
    assert sessions[0] == sessions[1] == sessions[2] or scenario.name in MIXED
    assert not [label for session in sessions for label in session if re.search(r"/\d|\?", label)]


def test_these_are_all() -> None:
    """Names are keys in stored records: one that goes missing takes its history with it."""
    assert set(SCENARIOS) == {
        *("noop-async", "noop-sync", "ping"),
        *("io-async", "io-sync", "io-misuse", "io-offload", "io-fanout-async", "io-fanout-sync"),
        *("cpu-async", "cpu-sync", "cpu-process", "cpu-yield"),
        *("json-model", "json-dict", "json-response", "json-orjson"),
        *("db-orm-async", "db-orm-sync", "db-core-async", "db-core-sync", "db-orm-misuse"),
        *("db-list-async", "db-list-sync", "items-crud", "items-crud-sync", "items-read"),
        *("db-raw-async", "db-raw-sync", "db-counter-async", "db-counter-sync"),
        *("cpu-hash-async", "cpu-hash-sync", "background-async", "background-sync"),
        *("dependencies-async", "dependencies-sync", "dependencies-chain", "stream-async", "stream-sync"),
        *("sse-async", "sse-sync"),
        *("tfb-json", "tfb-plaintext", "tfb-db", "tfb-queries", "tfb-fortunes", "tfb-updates"),
        "tfb-cached-queries",
        *("cache-read", "cache-revalidate", "gzip", "limited", "reports", "auth-login", "auth-me"),
        *("ws-async", "ws-sync"),
        *("journey-browser", "journey-editor", "journey-shop"),
    }


def test_those_who_hold_the_loop_have_a_victim() -> None:
    blocking = {name for name in SCENARIOS if name.startswith(("io-", "cpu-")) or name.endswith("misuse")}
    assert blocking <= {name for name, scenario in SCENARIOS.items() if scenario.victim}


@pytest.mark.parametrize(
    ("name", "root"),
    [("items-crud", "/api/v1/items"), ("items-crud-sync", "/api/v1/sync/items")],
    ids=["async", "sync"],
)
class TestItems:
    def test_is_one_whole_life(self, app: InProcess, name: str, root: str) -> None:
        exchanged = list(drive(SCENARIOS[name].flow(Random(0)), app.send))
        assert [(request.label, response.status) for request, response in exchanged] == [
            (label.format(root=root), status) for label, status in LIFE
        ]
        assert b'"price":1.5,' in exchanged[2][1].body
        path = exchanged[-1][0].path
        assert path == exchanged[0][1].header("Location")
        assert app.send(Request("GET", path)).status == 404

    def test_ends_early_where_nothing_was_created(self, app: InProcess, name: str, root: str) -> None:
        exchanged = list(drive(SCENARIOS[name].flow(Random(0)), lambda _request: Response(503, b"busy")))
        assert [request.fault(response) for request, response in exchanged] == ["status-503"]

    def test_rows_do_not_pile_up(self, app: InProcess, name: str, root: str) -> None:
        for seed in range(5):
            list(drive(SCENARIOS[name].flow(Random(seed)), app.send))
        assert app.send(Request("GET", f"{root}?offset=1000")).body == b"[]"


@pytest.mark.parametrize("name", READS)
def test_row_of_another_id_is_found_out(app: InProcess, name: str) -> None:
    """Reading a wrong row, quickly, is no throughput."""
    request = next(requests_of(SCENARIOS[name].flow(Random(0))))
    path, _, number = request.path.rpartition("=")
    wrong = app.send(request._replace(path=f"{path}={int(number) % 7 + 1}"))
    assert (wrong.status, request.fault(wrong)) == (200, "wrong-body")
