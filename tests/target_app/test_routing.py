"""A router is left at once by requests for others, and nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from target_app.main import create_app
from target_app.routing import Router, route_path
from tests.target_app.conftest import ROOTS, sqlite_url
from tests.target_app.settings import settings_of


def app_of(*prefixes: str) -> FastAPI:
    app = FastAPI()
    for prefix in prefixes:
        router = Router(prefix=prefix)

        @router.get("/{name}")
        async def answer(name: str, prefix: str = prefix) -> str:
            return f"{prefix} {name}"

        app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("root_path", "path", "answer"),
    [
        pytest.param("", "/a/x", "/a x", id="the first"),
        pytest.param("", "/a/b/x", "/a/b x", id="the longer one of two"),
        pytest.param("/proxy", "/proxy/c/x", "/c x", id="behind a proxy that keeps its path"),
        pytest.param("/proxy", "/c/x", "/c x", id="behind a proxy that strips it"),
    ],
)
def test_a_request_reaches_the_router_of_its_prefix(root_path: str, path: str, answer: str) -> None:
    client = TestClient(app_of("/a", "/a/b", "/c"), root_path=root_path)
    assert client.get(path).json() == answer


def test_a_path_of_no_router_is_not_found_and_a_method_of_none_not_allowed() -> None:
    client = TestClient(app_of("/a", "/c"))
    assert (client.get("/b/x").status_code, client.post("/c/x").status_code) == (404, 405)


def test_the_routes_of_other_prefixes_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    app = app_of("/a", "/b", "/c")
    matches = APIRoute.matches

    def note(self: APIRoute, scope: Scope) -> tuple[Match, Scope]:
        tried.append(self.path)
        return matches(self, scope)

    monkeypatch.setattr(APIRoute, "matches", note)
    assert TestClient(app).get("/c/x").status_code == 200
    assert set(tried) == {"/c/{name}"}


_SEGMENT = re.compile(r"\{[^}]*\}")


def chosen(routes: list[BaseRoute], method: str, path: str) -> tuple[object, object] | None:
    """The endpoint that these routes choose, with its parameters, as a router of Starlette goes through them."""
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    for route in routes:
        match, inner = route.matches(scope)
        while (
            match is Match.FULL and "endpoint" not in inner
        ):  # a router: FastAPI looks for the endpoint again
            assert hasattr(route, "_match")
            match, inner, route, _ = route._match(scope)
        if match is Match.FULL:
            return inner["endpoint"], inner["path_params"]
    return None


def test_the_table_chooses_every_endpoint_that_fastapi_would(database_path: Path) -> None:
    app = create_app(settings_of(database_url=sqlite_url(database_path), bench=True))
    table, *usual = app.router.routes
    found = 0
    for one in iter_route_contexts(usual):
        if isinstance(one.original_route, APIRoute):
            for method, path in product(sorted(one.methods or ()), paths_of(str(one.path))):
                found += chosen([table], method, path) is not None
                assert chosen([table, *usual], method, path) == chosen(usual, method, path)
    assert found > 70


def paths_of(path: str) -> list[str]:
    """A path with right and with wrong parameters."""
    return sorted({_SEGMENT.sub(value, path) for value in ("7", "a b", "-1", "")})


@pytest.mark.parametrize(
    ("root_path", "path", "inner"),
    [("", "/a/b", "/a/b"), ("/svc", "/svc/a", "/a"), ("/svc", "/a", "/a"), ("/svc", "/svcs/a", "/svcs/a")],
)
def test_the_path_of_a_route_is_without_the_prefix_of_a_proxy(root_path: str, path: str, inner: str) -> None:
    assert route_path({"path": path, "root_path": root_path}) == inner


@pytest.fixture(params=["keeps", "strips"])
def behind_a_proxy(request: pytest.FixtureRequest, database_path: Path) -> Iterator[TestClient]:
    """The app at /svc of a proxy that keeps that prefix in the path, as uvicorn does for it, or strips it."""
    base = "http://testserver/svc" if request.param == "keeps" else "http://testserver"
    settings = settings_of(
        database_url=sqlite_url(database_path), rate_limit="memory", login_limit_requests=2
    )
    with TestClient(create_app(settings), base_url=base, root_path="/svc") as client:
        yield client


def test_behind_a_proxy_addresses_have_its_prefix(behind_a_proxy: TestClient) -> None:
    for root in ROOTS:
        made = behind_a_proxy.post(root.lstrip("/"), json={"name": "lamp", "price": 1})
        assert made.headers["location"] == f"/svc{root}/{made.json()['id']}"
    made = behind_a_proxy.post("reports")
    assert made.headers["location"] == f"/svc/reports/{made.json()['id']}"
    schema = behind_a_proxy.get("openapi.json").json()
    flow = schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    assert flow["tokenUrl"] == "auth/token"  # from the page's own address on


def test_behind_a_proxy_limits_hold(behind_a_proxy: TestClient) -> None:
    login = {"username": "ann", "password": "a long password"}
    assert [behind_a_proxy.post("auth/token", data=login).status_code for _ in range(3)] == [401, 401, 429]
    assert behind_a_proxy.post("api/v1/items", content=b" " * 20_000).status_code == 413
