"""Pages and schema: whole, and without a word from outside."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from tests.target_app.conftest import StartApp


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_loads_nothing_from_outside(unchanged: TestClient, page: str) -> None:
    text = unchanged.get(page).text
    assert re.findall(r"""(?:https?:)?//[\w.-]+""", re.sub(r"<!--.*?-->", "", text, flags=re.S)) == []
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", text)
    assert len(loaded) >= 2
    for path in loaded:
        assert unchanged.get(path).status_code == 200


def test_every_setting_changes_what_is_documented(start_app: StartApp) -> None:
    plain = start_app().get("/openapi.json").json()["paths"]["/bench/ping"]["get"]["responses"]
    client = start_app(rate_limit="memory", cache="memory", allowed_hosts="testserver")
    full = client.get("/openapi.json").json()["paths"]["/bench/ping"]["get"]["responses"]
    assert (set(plain), set(full)) == ({"200"}, {"200", "304", "400", "429"})


def test_errors_are_documented_as_they_are(unchanged: TestClient) -> None:
    schema = unchanged.get("/openapi.json").json()
    kinds = {
        (status >= "422" and status < "423", kind, answer["schema"].get("$ref", ""))
        for operations in schema["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status >= "400"
        for kind, answer in response["content"].items()
    }
    assert kinds == {
        (True, "application/json", "#/components/schemas/InvalidPublic"),
        (False, "application/json", "#/components/schemas/ErrorPublic"),
    }
    assert "HTTPValidationError" not in schema["components"]["schemas"]


OF_HTTP = {"content-length", "content-type", "content-encoding", "vary", "cache-control", "allow"}


def test_the_headers_of_answers_are_documented(start_app: StartApp) -> None:
    client = start_app(rate_limit="memory", cache="memory", compression="auto", request_log=True, bench=True)
    paths = client.get("/openapi.json").json()["paths"]
    item = "/api/v1/items/{item_id}"
    seen = set()
    for method, path, operation, more in (
        ("GET", "/api/v1/items/1", item, {}),
        ("GET", "/api/v1/items/1", item, {"headers": {"If-None-Match": "*"}}),
        ("GET", "/api/v1/items/999", item, {}),
        ("PATCH", "/api/v1/items/1", item, {"json": {}, "headers": {"If-Match": '"other"'}}),
        ("POST", "/api/v1/items", "/api/v1/items", {"json": {"name": "lamp", "price": 1}}),
        ("POST", "/api/v1/items", "/api/v1/items", {"json": {}}),
        ("POST", "/reports", "/reports", {}),
        ("GET", "/users/me", "/users/me", {}),
        ("GET", "/health/live", "/health/live", {}),
        ("GET", "/bench/cache/1", "/bench/cache/{item_id}", {}),
    ):
        answer = client.request(method, path, **more)
        documented = paths[operation][method.lower()]["responses"][str(answer.status_code)]["headers"]
        seen |= set(answer.headers) - OF_HTTP
        assert set(answer.headers) - OF_HTTP <= {name.lower() for name in documented}
    assert seen == {
        *("x-worker", "x-request-id", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
        *("etag", "x-cache", "location", "www-authenticate"),
    }
