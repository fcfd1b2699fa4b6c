"""Headers, hosts, origins, sizes: over the whole app, as clients see them."""

from __future__ import annotations

import gzip

import pytest
import zstandard
from fastapi.testclient import TestClient

from tests.target_app.conftest import StartApp

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.mark.parametrize("way", ["on", "base-http"])
def test_security_headers_are_on_every_answer(start_app: StartApp, way: str) -> None:
    client = start_app(security_headers=way)
    for path in ("/bench/ping", "/nothing", "/api/v1/items/0", "/openapi.json"):
        headers = client.get(path).headers
        assert {name: headers.get(name) for name in SECURITY} == SECURITY


def test_a_page_that_runs_scripts_has_a_policy_of_its_own(start_app: StartApp) -> None:
    (policy,) = start_app(security_headers="on").get("/docs").headers.get_list("content-security-policy")
    assert "script-src 'self'" in policy


@pytest.fixture(scope="module")
def called_by_pages(start_shared_app: StartApp) -> TestClient:
    """An app that the pages of two origins may call."""
    return start_shared_app(cors_origins="https://shop.example, https://other.example")


class TestOrigins:
    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            pytest.param("https://shop.example", "https://shop.example", id="listed"),
            pytest.param("https://other.example", "https://other.example", id="listed, too"),
            pytest.param("https://shop.example.evil.example", None, id="begins like one"),
            pytest.param("http://shop.example", None, id="another scheme"),
            pytest.param("null", None, id="null"),
        ],
    )
    def test_only_those_listed_may_call(
        self, called_by_pages: TestClient, origin: str, allowed: str | None
    ) -> None:
        headers = called_by_pages.get("/bench/ping", headers={"Origin": origin}).headers
        assert headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in headers
        asked = called_by_pages.options(
            "/api/v1/items/1",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "PATCH",
                "Access-Control-Request-Headers": "authorization,x-api-key",
            },
        )
        assert (asked.status_code, asked.headers.get("access-control-allow-origin")) == (
            200 if allowed else 400,
            allowed,
        )

    def test_a_page_is_told_of_errors_too(self, called_by_pages: TestClient) -> None:
        answer = called_by_pages.get("/api/v1/items/0", headers={"Origin": "https://shop.example"})
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"

    @pytest.mark.parametrize("origins", ["https://*.example", "*, https://shop.example"])
    def test_a_pattern_is_no_origin(self, start_app: StartApp, origins: str) -> None:
        with pytest.raises(ValueError, match="or give \\* alone"):
            start_app(cors_origins=origins)

    def test_all_may_be_let_in_but_never_with_credentials(self, start_app: StartApp) -> None:
        client = start_app(cors_origins="*")
        headers = client.get("/bench/ping", headers={"Origin": "https://any.example"}).headers
        assert headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("shop.example", 200, id="listed"),
        pytest.param("SHOP.example:8000", 200, id="with a port, in capitals"),
        pytest.param("a.b.example.org", 200, id="under a name"),
        pytest.param("[::1]:8000", 200, id="IPv6"),
        pytest.param("example.org", 400, id="the name itself"),
        pytest.param("evilexample.org", 400, id="ends like it"),
        pytest.param("shop.example.evil", 400, id="begins like it"),
        pytest.param("", 400, id="none"),
    ],
)
def test_hosts(start_app: StartApp, host: str, status: int) -> None:
    client = start_app(allowed_hosts="shop.example,*.example.org,[::1]")
    answer = client.get("/bench/ping", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or set(answer.json()) == {"detail", "request_id"}


class TestCompression:
    PATH = "/bench/gzip?size=4000"

    @pytest.mark.parametrize(
        ("compression", "accepted", "encoding"),
        [
            pytest.param("gzip", "gzip", "gzip", id="gzip"),
            pytest.param("gzip", "zstd, br, gzip", "gzip", id="gzip alone"),
            pytest.param("gzip", "identity", None, id="none accepted"),
            pytest.param("gzip", "gzip;q=0", None, id="gzip refused"),
            pytest.param("gzip", "br", None, id="another accepted"),
            pytest.param("auto", "zstd, br, gzip", "zstd", id="the best of all"),
            pytest.param("auto", "br, gzip", "br", id="the best of two"),
            pytest.param("auto", "gzip", "gzip", id="what there is"),
        ],
    )
    def test_what_the_client_can(
        self, start_app: StartApp, compression: str, accepted: str, encoding: str | None
    ) -> None:
        client = start_app(compression=compression)
        with client.stream("GET", self.PATH, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding") == encoding
        assert "accept-encoding" in answer.headers["vary"].lower()
        assert int(answer.headers["content-length"]) == len(raw)
        if encoding is None:
            assert len(raw) == 4000
        else:
            assert len(raw) < 1700
        if encoding == "gzip":
            assert len(gzip.decompress(raw)) == 4000
        if encoding == "zstd":
            assert len(zstandard.ZstdDecompressor().decompressobj().decompress(raw)) == 4000

    def test_small_bodies_are_left_alone(self, start_app: StartApp) -> None:
        client = start_app(compression="gzip", compression_min_bytes=1000)
        sizes = {
            size: client.get(f"/bench/gzip?size={size}").headers.get("content-encoding")
            for size in (999, 1000)
        }
        assert sizes == {999: None, 1000: "gzip"}

    def test_a_harder_level_makes_it_smaller(self, start_app: StartApp) -> None:
        path = "/bench/gzip?size=100000"
        lengths = [
            int(start_app(compression="gzip", compression_level=level).get(path).headers["content-length"])
            for level in (1, 6)
        ]
        assert lengths[0] > lengths[1]

    def test_what_is_compressed_is_not_compressed_again(self, start_app: StartApp) -> None:
        """Beside the cache, whose tags are of what was not compressed yet."""
        client = start_app(compression="gzip", compression_min_bytes=0, cache="memory")
        for _ in range(2):
            answer = client.get("/bench/cache/1", headers={"Accept-Encoding": "gzip"})
            assert answer.headers.get_list("content-encoding") == ["gzip"]
            assert answer.json()["id"] == 1
        tag = answer.headers["etag"]
        unchanged = client.get("/bench/cache/1", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert "content-encoding" not in unchanged.headers

    def test_a_stream_is_compressed_whole(self, start_app: StartApp) -> None:
        client = start_app(compression="gzip")
        answer = client.get("/bench/stream/async?chunks=20", headers={"Accept-Encoding": "gzip"})
        assert (answer.headers["content-encoding"], len(answer.content)) == ("gzip", 20 * 1024)


class TestBodyLimit:
    @pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/sync/items", "/auth/register", "/auth/token"])
    def test_a_body_beyond_it_is_refused_announced_or_not(self, start_app: StartApp, path: str) -> None:
        client = start_app(max_body_bytes=100)
        kind = "application/x-www-form-urlencoded" if path.endswith("token") else "application/json"
        body = b"username=" + b"x" * 100 if path.endswith("token") else b'"' + b"x" * 99 + b'"'
        for content in (body, iter([body[:50], body[50:]])):
            answer = client.post(path, content=content, headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["detail"]) == (413, "The body is too large")

    def test_deep_json_is_no_5xx(self, start_app: StartApp) -> None:
        client = start_app()
        deep = b"[" * 10_000
        answer = client.post("/api/v1/items", content=deep, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)

    @pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/sync/items", "/auth/register"])
    def test_many_faults_make_no_large_answer(self, start_app: StartApp, path: str) -> None:
        unknown = {f"k{number}" + "x" * 150: 1 for number in range(80)}
        answer = start_app().post(path, json=unknown)
        faults = answer.json()["detail"]
        assert (answer.status_code, len(faults)) == (422, 21)
        assert faults[-1]["msg"] == f"There are {len(unknown) + 2 - 20} more faults"
        assert len(answer.content) < 5000 < len(answer.request.content)

    def test_a_body_of_unknown_keys_is_not_even_read(self, start_app: StartApp) -> None:
        unknown = {f"k{number}": 1 for number in range(90_000)}
        assert start_app().post("/auth/register", json=unknown).status_code == 413


class TestErrors:
    def test_an_error_inside_says_nothing_of_it(
        self, start_app: StartApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = start_app()

        def fail(_owner: int | None) -> None:
            raise RuntimeError("a secret")

        monkeypatch.setattr("target_app.crud.items.visible_to", fail)
        answer = client.get("/api/v1/items", headers={"X-Request-ID": "mine"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (500, "mine")
        assert answer.json() == {"detail": "Internal Server Error", "request_id": "mine"}

    @pytest.mark.parametrize("path", ["/nothing", "/api/v1/items/0", "/api/v1/items/99", "/users/me"])
    def test_every_error_has_one_shape_and_is_not_kept(self, unchanged: TestClient, path: str) -> None:
        answer = unchanged.get(path)
        assert set(answer.json()) == {"detail", "request_id"}
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("a b", id="a space"),
            pytest.param("a\r\nSet-Cookie: x=1", id="a line's end"),
            pytest.param("x" * 65, id="too long"),
            pytest.param("", id="empty"),
            pytest.param("{}", id="braces"),
        ],
    )
    def test_an_id_that_is_no_plain_word_is_replaced(self, unchanged: TestClient, name: str) -> None:
        answer = unchanged.get("/nothing", headers={"X-Request-ID": name})
        assert len(answer.json()["request_id"]) == 32
