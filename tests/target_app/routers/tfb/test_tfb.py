"""What TechEmpower's published requirements ask of the seven test types."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from http.client import HTTPConnection

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bench.plan.config import load_setups
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from target_app.crud import worlds

COUNTED = ["queries?queries=", "updates?queries=", "cached-queries?count="]


class Table(HTMLParser):
    """The cells of each row of a page, as a browser would show them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data


def test_json_is_a_greeting(either: TestClient) -> None:
    answer = either.get("/tfb/json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == b'{"message":"Hello, World!"}'


def test_plaintext_is_a_greeting(either: TestClient) -> None:
    answer = either.get("/tfb/plaintext")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (answer.content, answer.headers["content-length"]) == (b"Hello, World!", "13")


def test_db_gives_one_random_row(either: TestClient) -> None:
    answers = [either.get("/tfb/db") for _ in range(20)]
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    assert {tuple(answer.json()) for answer in answers} == {("id", "randomNumber")}
    assert len({answer.json()["id"] for answer in answers}) > 10


@pytest.mark.parametrize("path", COUNTED)
@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        pytest.param("", 1, id="empty"),
        pytest.param("foo", 1, id="text"),
        pytest.param("2.5", 1, id="no whole number"),
        pytest.param("-1", 1, id="negative"),
        pytest.param("0", 1, id="zero"),
        pytest.param("1", 1, id="the least"),
        pytest.param("20", 20, id="within"),
        pytest.param("500", 500, id="the most"),
        pytest.param("501", 500, id="too many"),
        pytest.param("99999999999999999999999", 500, id="far too many"),
    ],
)
def test_counts_are_clamped(either: TestClient, path: str, asked: str, rows: int) -> None:
    answer = either.get(f"/tfb/{path}{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found = answer.json()
    assert len(found) == rows
    assert all(list(row) == ["id", "randomNumber"] for row in found)
    assert all(1 <= row[key] <= 10_000 for row in found for key in row)


@pytest.mark.parametrize("path", ["queries", "updates", "cached-queries"])
def test_a_missing_count_is_one(either: TestClient, path: str) -> None:
    assert len(either.get(f"/tfb/{path}").json()) == 1


def stored(client: TestClient) -> dict[int, int]:
    """All worlds, as the database has them."""
    app = client.app
    assert isinstance(app, FastAPI)
    return worlds.read_all(app.state.settings)


def test_updates_are_written_and_nothing_else_is(either: TestClient) -> None:
    before = stored(either)
    told: dict[int, int] = {}
    for _ in range(3):
        told |= {row["id"]: row["randomNumber"] for row in either.get("/tfb/updates?queries=500").json()}
    assert stored(either) == before | told
    assert sum(before[world] != number for world, number in told.items()) > len(told) * 0.9


def test_queries_give_rows_as_they_are_stored(either: TestClient) -> None:
    numbers = stored(either)
    rows = [*either.get("/tfb/queries?queries=500").json(), either.get("/tfb/db").json()]
    assert [row["randomNumber"] for row in rows] == [numbers[row["id"]] for row in rows]
    assert len({row["id"] for row in rows[:500]}) == 500


def test_fortunes_are_a_sorted_and_escaped_table(either: TestClient) -> None:
    answer = either.get("/tfb/fortunes")
    table = Table(answer.text)
    heading, *rows = table.rows
    messages = [message for _, message in rows]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>")
    assert heading == ["id", "message"]
    assert sorted(int(fortune_id) for fortune_id, _ in rows) == list(range(13))
    assert messages == sorted(messages)
    assert ["0", "Additional fortune added at request time."] in rows
    assert '<script>alert("This must be shown, not run.");</script>' in messages
    assert "script" not in table.tags
    assert "急がば回れ。" in messages


@pytest.fixture(scope="module")
def server(processes: Processes, postgres_server: str) -> Iterator[Server]:
    """The setup that keeps the headers these test types ask for, as it ships."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", postgres_server)
        with serving(load_setups()["uvicorn-tfb"], processes) as running:
            yield running


@pytest.mark.parametrize(
    "path",
    [
        "json",
        "plaintext",
        "db",
        "queries?queries=2",
        "fortunes",
        "updates?queries=2",
        "cached-queries?count=2",
    ],
)
def test_over_http_each_answer_has_its_length_and_names_server_and_date(server: Server, path: str) -> None:
    connection = HTTPConnection(server.address.host, server.port, timeout=10)
    connection.request("GET", f"/tfb/{path}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200
    assert answer.getheader("Server") == "uvicorn"
    assert parsedate_to_datetime(answer.getheader("Date", "")).year >= 2024
    assert answer.getheader("Content-Length") == str(len(body))
