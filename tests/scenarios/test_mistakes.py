"""What authors of scenarios get wrong is named with its line, before anything is sent."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from scenarios.mistakes import (
    ScenarioError,
    error_place,
    explain,
    explain_error,
    flow_place,
    open_flow,
    request_mistake,
)
from scenarios.model import Flow, Pause, Request, Response, Scenario, drive, drive_async
from scenarios.single import Always

THIS = __file__


def line_of(function: object, after: int) -> str:
    return f"{THIS}:{inspect.getsourcelines(function)[1] + after}"  # type: ignore[arg-type]


def answer(request: Request) -> Response:
    return Response(200, b"")


async def answer_later(request: Request) -> Response:
    raise TypeError("nobody could send that")


RIGHT = [
    Request("GET", "/"),
    Request("OPTIONS", "*"),
    Request("POST", "/a?b=%20c", b"\x00", (("A", "caf\xe9"),), "a name", (200, 409), lambda _: True),
]


@pytest.mark.parametrize("request_", RIGHT)
def test_what_can_be_sent_is_right(request_: Request) -> None:
    assert request_mistake(request_) == ""


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"headers": {"A": "b"}}, "headers is a dict"),
    ({"headers": [("A", "b")]}, "headers is a list"),
    ({"headers": (["A", "b"],)}, "headers is a tuple: give a tuple of pairs"),
    ({"headers": (("A", 7),)}, "header 'A' has an int"),
    ({"headers": (("A", "b\r\nC: d"),)}, "header 'A'"),
    ({"headers": (("A", "\u20ac"),)}, "header 'A'"),
    ({"body": "text"}, "text.encode()"),
    ({"body": {"a": 1}}, "json_request"),
    ({"body": None}, "body is None"),
    ({"expect": "200"}, "expect is '200'"),
    ({"expect": (200, "409")}, "expect is (200, '409')"),
    ({"expect": ()}, "expect is ()"),
    ({"expect": 20}, "expect is 20"),
    ({"expect": True}, "expect is True"),
    ({"expect": [200]}, "expect is [200]"),
    ({"check": "id"}, "check is a str"),
    ({"check": answer_later}, "`async def`"),
    ({"path": "http://shop/items"}, "the path alone"),
    ({"path": "/a b"}, "quote"),
    ({"path": "/caf\xe9"}, "quote"),
    ({"path": "/a\r\nX: y"}, "quote"),
    ({"path": ""}, "path is ''"),
    ({"path": b"/"}, "path is b'/'"),
    ({"method": ""}, "method is ''"),
    ({"method": "GET /"}, "method is 'GET /'"),
    ({"name": 7}, "name is an int"),
]


def yields(step: Any) -> Flow:
    yield Request("GET", "/")
    yield step


@pytest.mark.parametrize(("fields", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_request_that_cannot_be_sent_is_named_with_its_line(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        list(drive(yields(Request("GET", "/")._replace(**fields)), answer))
    assert sentence in caught.value.message
    assert caught.value.place == line_of(yields, 2)
    assert "\n" not in str(caught.value)


STEPS: list[tuple[Any, str]] = [
    (("GET", "/"), "a tuple"),
    ("/items", "yield Request('GET', '/items')"),
    (None, "None"),
    (yields(None), "`yield from`"),
    (Response(200, b""), "a Response"),
]


@pytest.mark.parametrize(("step", "sentence"), STEPS, ids=[sentence for _, sentence in STEPS])
def test_a_step_of_another_kind_is_named_with_its_line(step: object, sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        list(drive(yields(step), answer))
    assert sentence in caught.value.message
    assert caught.value.place == line_of(yields, 2)


@pytest.mark.parametrize("seconds", [-1, "2", None, float("inf"), float("nan")])
def test_a_pause_is_a_number_of_seconds(seconds: Any) -> None:
    with pytest.raises(ScenarioError, match="give seconds"):
        list(drive(yields(Pause(seconds)), answer))


def test_an_awaiting_driver_names_a_request_that_could_not_be_sent() -> None:
    text = Request("POST", "/", "text")  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="body is text"):
        asyncio.run(drive_async(Always(text)(Random(0)), answer_later))
    with pytest.raises(TypeError, match="nobody could send that"):
        asyncio.run(drive_async(yields(None), answer_later))


def returns(rng: Random) -> Any:
    return Request("GET", "/")


def forgets(rng: Random) -> Any:
    Request("GET", "/")


async def awaits(rng: Random) -> None: ...


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (returns, "write `yield` in place of `return`"),
        (forgets, "it has no `yield`"),
        (awaits, "a coroutine"),
        (lambda rng: [Request("GET", "/")], "a list"),
    ],
)
def test_what_makes_no_flow_is_named_with_its_line(function: Callable[[Random], Any], sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        open_flow(function, Random(0))
    assert sentence in str(caught.value)
    assert caught.value.place == line_of(function, 0)


def outer(rng: Random) -> Flow:
    yield from inner()


def inner() -> Flow:
    yield Request("GET", "/")
    raise KeyError("id")


def test_the_line_is_that_of_the_innermost_flow() -> None:
    flow = outer(Random(0))
    assert flow_place(flow) == line_of(outer, 0)
    next(flow)
    assert flow_place(flow) == line_of(inner, 1)


def test_what_a_flow_raises_is_named_with_the_line_of_the_user() -> None:
    flow = outer(Random(0))
    with pytest.raises(KeyError) as caught:
        list(drive(flow, answer))
    assert error_place(caught.value) == line_of(inner, 2)
    assert explain_error(caught.value) == f" raised KeyError: 'id' ({line_of(inner, 2)})"


def test_a_step_that_failed_is_explained_by_its_mistake() -> None:
    flow = yields(None)
    next(flow)
    mistake = Request("GET", "/", headers={"A": "b"})  # type: ignore[arg-type]
    said = explain(TypeError("unhashable"), flow, mistake)
    assert said.startswith(f": {line_of(yields, 1)}: headers is a dict")
    assert (
        explain(TypeError("x"), None)
        == ": the flow returned None: it has no `yield`; write `yield Request(...)`"
    )


def test_callables_of_every_kind_may_be_flows() -> None:
    class Object:
        def __call__(self, rng: Random) -> Flow:
            yield Request("GET", "/")

        def method(self, rng: Random) -> Flow:
            yield Request("GET", "/")

    def two(word: str, rng: Random) -> Flow:
        yield Request("GET", f"/{word}")

    for flow in (Object(), Object().method, functools.partial(two, "a"), Always(Request("GET", "/"))):
        assert Scenario("a", flow).session is flow


@pytest.mark.parametrize("field", ["victim", "on_start", "prepare"])
def test_the_other_flows_of_a_scenario_are_checked_as_well(field: str) -> None:
    def flow(rng: Random, state: object = None) -> Flow:
        yield Request("GET", "/")

    with pytest.raises(ScenarioError, match=f"its {field} is an `async def`"):
        Scenario("a", flow, **{field: awaits})  # type: ignore[arg-type]
