"""Setups for the servers that an interpreter has, and the path that shows that a service is ready."""

from __future__ import annotations

from typing import Literal

import pytest

from bench.starter.draft import Draft, DraftSetup, draft_setups, health_operation, health_paths, likely_health
from bench.starter.operations import Operation
from tests.bench.starter.services import ALL, inspection


def without(*names: str) -> dict[str, str]:
    return {name: version for name, version in ALL.items() if name not in names}


def keys(
    packages: dict[str, str], interface: Literal["asgi", "wsgi"] = "asgi"
) -> dict[str, dict[str, str | int]]:
    return {
        each.name: dict(each.keys)
        for each in draft_setups(inspection(packages=packages, interface=interface))
    }


def test_each_server_that_is_there_gets_a_setup() -> None:
    assert keys(ALL) == {
        "uvicorn": {"server": "uvicorn"},
        "uvicorn-2": {"server": "uvicorn", "workers": 2},
        "gunicorn": {"server": "gunicorn"},
        "granian": {"server": "granian", "http": "own"},
        "hypercorn": {"server": "hypercorn", "http": "h11"},
    }
    assert keys(without("uvicorn", "gunicorn", "granian", "hypercorn")) == {}


def test_what_makes_a_server_quicker_is_not_asked_for_where_it_is_missing() -> None:
    found = keys(without("uvloop", "httptools"))
    assert found["uvicorn"] == {"server": "uvicorn", "loop": "asyncio", "http": "h11"}
    assert all(each["loop"] == "asyncio" for each in found.values())


def test_gunicorn_has_a_worker_of_its_own_from_a_version_on() -> None:
    own = keys({"gunicorn": "24.0.1"})
    assert own == {"gunicorn": {"server": "gunicorn", "worker": "asgi", "http": "own", "loop": "asyncio"}}
    assert keys({"gunicorn": "23.0"}) == {}


def test_a_wsgi_app_gets_servers_for_wsgi() -> None:
    found = keys(ALL, "wsgi")
    assert {name: each["server"] for name, each in found.items()} == {
        "gunicorn": "gunicorn",
        "gunicorn-2": "gunicorn",
        "gunicorn-gthread": "gunicorn",
        "granian": "granian",
        "hypercorn": "hypercorn",
    }
    assert keys({"uvicorn": "1"}, "wsgi") == {}


def get(target: str, reason: str = "") -> Operation:
    return Operation(name=target, method="GET", path=target, target=target, reason=reason)


@pytest.mark.parametrize(
    ("targets", "health"),
    [
        (("/items", "/healthz", "/"), "/healthz"),
        (("/items?limit=5", "/things"), "/things"),
        (("/items", "/"), "/"),
        ((), "/"),
    ],
)
def test_the_likely_health_path_is_one_that_is_there(targets: tuple[str, ...], health: str) -> None:
    assert likely_health(tuple(map(get, targets))) == health


def test_paths_are_asked_by_likelihood_and_each_once() -> None:
    found = health_paths((get("/items"), get("/ping"), get("/secret", "it needs authentication")))
    assert found[:2] == ("/ping", "/health")
    assert found[-2:] == ("/items", "/")
    assert "/secret" not in found
    assert len(set(found)) == len(found)


def test_a_given_health_path_is_the_only_one() -> None:
    assert health_paths((get("/ping"),), "/up?deep=1") == ("/up?deep=1",)
    assert likely_health((get("/ping"),), "/up") == "/up"


def test_a_draft_knows_what_it_is_made_of() -> None:
    setups = (
        DraftSetup(name="a", about="", keys={}),
        DraftSetup(name="b", about="", keys={}, reason="no luck"),
    )
    operations = (health_operation("/"), get("/secret", "it needs authentication"))
    env = {"URL": "{postgres}", "LEVEL": "info"}
    draft = Draft(
        name="shop", service=inspection(), health="/", setups=setups, operations=operations, env=env
    )
    assert [each.name for each in draft.usable] == ["a"]
    assert [each.name for each in draft.scenarios] == ["health"]
    assert [each.name for each in draft.stubs] == ["/secret"]
    assert draft.services == ("postgres",)
    assert draft.has_own_database
