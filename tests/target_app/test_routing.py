"""A router is left at once by requests for others, and nothing else changes."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Match
from starlette.types import Scope

from target_app.routing import Router


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
