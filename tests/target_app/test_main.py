"""What holds for every path, and how servers find the app."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from target_app import main
from tests.target_app.conftest import StartApp


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_documentation_page_reads_the_schema(unchanged: TestClient, page: str) -> None:
    answer = unchanged.get(page)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Target app" in answer.text
    assert "/openapi.json" in answer.text


def test_every_operation_is_described(unchanged: TestClient) -> None:
    schema = unchanged.get("/openapi.json").json()
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) == 77
    assert [operation for operation in operations if not operation.get("description")] == []
    assert len({operation["operationId"] for operation in operations}) == 77


@pytest.mark.parametrize("root", ["/api/v1/items", "/api/v1/sync/items"])
def test_every_status_of_items_is_documented(unchanged: TestClient, root: str) -> None:
    """Also those that no short request brings about, such as a body that is too large."""
    paths = unchanged.get("/openapi.json").json()["paths"]
    documented = {
        method.upper(): set(operation["responses"])
        for path in (root, f"{root}/{{item_id}}")
        for method, operation in paths[path].items()
        if (path, method) != (root, "get")
    }
    assert documented == {
        "POST": {"201", "400", "401", "413", "422", "503"},
        "GET": {"200", "401", "404", "422", "503"},
        "PUT": {"200", "400", "401", "404", "412", "413", "422", "503"},
        "PATCH": {"200", "400", "401", "404", "412", "413", "422", "503"},
        "DELETE": {"204", "401", "404", "412", "422", "503"},
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("DELETE", "/api/v1/items", "GET, HEAD, POST", id="collection"),
        pytest.param("POST", "/api/v1/items/1", "GET, HEAD, PUT, PATCH, DELETE", id="item"),
        pytest.param("OPTIONS", "/api/v1/sync/items/1", "GET, HEAD, PUT, PATCH, DELETE", id="sync twin"),
        pytest.param("HEAD", "/auth/token", "POST", id="without a body"),
        pytest.param("POST", "/bench/ping", "GET, HEAD", id="one method"),
        pytest.param("BREW", "/health/live", "GET, HEAD", id="unheard-of method"),
        pytest.param("POST", "/docs", "GET, HEAD", id="page of the framework"),
    ],
)
def test_wrong_method_is_told_the_right_ones(
    unchanged: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = unchanged.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_whoever_comes_without_a_path_is_sent_to_the_docs(unchanged: TestClient) -> None:
    answer = unchanged.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/items/", "/bench", "/bench/ping/"])
def test_unknown_path_is_not_found(unchanged: TestClient, path: str) -> None:
    answer = unchanged.get(path, follow_redirects=False)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Not Found")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/health/live", 200), ("/bench/ping", 200), ("/nothing", 404), ("/api/v1/items/0", 422)],
)
def test_worker_is_named_in_bench_mode(unchanged: TestClient, path: str, status: int) -> None:
    answer = unchanged.get(path)
    assert (answer.status_code, answer.headers["x-worker"]) == (status, str(os.getpid()))


def is_bench(path: str) -> bool:
    return path.startswith(("/bench/", "/tfb/"))


def test_without_bench_mode_nothing_of_it_is_there(start_app: StartApp) -> None:
    client = start_app(bench=False)
    in_bench_mode = start_app(bench=True).get("/openapi.json").json()["paths"]
    assert client.get("/bench/info").status_code == 404
    assert {client.get(path).status_code for path in in_bench_mode if is_bench(path)} == {404}
    assert "x-worker" not in client.get("/api/v1/items").headers
    paths = client.get("/openapi.json").json()["paths"]
    assert set(in_bench_mode) - set(paths) == {path for path in in_bench_mode if is_bench(path)}


def test_app_is_made_from_the_environment_when_first_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APP_DATABASE_URL", f"sqlite:///{tmp_path / 'mine.db'}")
    monkeypatch.setenv("APP_SEED_ROWS", "3")
    assert "app" not in vars(main)
    app = main.app
    assert isinstance(app, FastAPI)
    assert vars(main).pop("app") is app
    with TestClient(app) as client:
        assert len(client.get("/api/v1/items").json()) == 3
    assert (tmp_path / "mine.db").exists()


def test_a_tool_that_lists_the_module_finds_the_app() -> None:
    """As `fastapi dev target_app/main.py` does; to list it must not make it."""
    assert "app" in dir(main)
    assert "app" not in vars(main)


def test_module_has_nothing_else_by_surprise() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'application'"):
        _ = main.application


def test_bad_setting_stops_the_app_from_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_POOL_SIZE", "0")
    with pytest.raises(ValueError, match=r"pool_size\n  Input should be greater than or equal to 1"):
        main.create_app()
