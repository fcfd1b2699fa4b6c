"""What stands around the application for each setting, and nothing more."""

from __future__ import annotations

from typing import cast

import pytest

from target_app.main import create_app
from tests.target_app.settings import settings_of

BARE = ["WorkerHeader", "BodyLimit"]


def names(**settings: object) -> list[str]:
    """The classes of the middleware, outermost first."""
    given = settings_of(**({"bench": True} | settings))
    return [cast(type, entry.cls).__name__ for entry in create_app(given).user_middleware]


@pytest.mark.parametrize(
    ("setting", "classes"),
    [
        pytest.param({}, [], id="nothing asked for"),
        pytest.param({"request_log": True}, ["RequestLog"], id="log"),
        pytest.param({"allowed_hosts": "a.example"}, ["TrustedHost"], id="hosts"),
        pytest.param({"cors_origins": "https://a.example"}, ["CORSMiddleware"], id="CORS"),
        pytest.param({"security_headers": "on"}, ["SecurityHeaders"], id="security headers"),
        pytest.param({"security_headers": "base-http"}, ["SecurityHeadersOnBase"], id="their twin"),
        pytest.param({"rate_limit": "memory"}, ["RateLimit"], id="limit, memory"),
        pytest.param({"rate_limit": "redis"}, ["RateLimit"], id="limit, Redis"),
        pytest.param({"compression": "gzip"}, ["CompressMiddleware"], id="gzip"),
        pytest.param({"compression": "auto"}, ["CompressMiddleware"], id="compression"),
        pytest.param({"cache": "memory"}, ["ETag"], id="cache, memory"),
        pytest.param({"cache": "redis"}, ["ETag"], id="cache, Redis"),
        pytest.param({"auth": "on"}, [], id="auth is no middleware"),
    ],
)
def test_one_setting_adds_one_middleware(setting: dict[str, object], classes: list[str]) -> None:
    assert names(**setting) == [BARE[0], *classes, BARE[1]]


def test_their_order() -> None:
    everything = {
        "request_log": True,
        "allowed_hosts": "a.example",
        "cors_origins": "https://a.example",
        "security_headers": "on",
        "rate_limit": "redis",
        "compression": "auto",
        "cache": "redis",
    }
    assert names(**everything) == [
        *("WorkerHeader", "RequestLog", "TrustedHost", "CORSMiddleware", "SecurityHeaders", "RateLimit"),
        *("CompressMiddleware", "ETag", "BodyLimit"),
    ]


def test_outside_of_bench_mode_the_careful_ones_are_on() -> None:
    assert names(bench=False) == ["RequestLog", "SecurityHeaders", "BodyLimit"]
    assert names(bench=False, request_log=False, security_headers="off") == ["BodyLimit"]
