"""Parameters, as they stand in a path, a query and a header."""

from __future__ import annotations

from typing import Any

import pytest

from bench.starter.parameters import Arguments, arguments
from bench.starter.validity import SchemaError


def given(*parameters: dict[str, Any], shared: tuple[dict[str, Any], ...] = ()) -> Arguments:
    return arguments({"parameters": list(shared)}, {"parameters": list(parameters)}, {})


def parameter(place: str, schema: Any, name: str = "a", **more: Any) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, "required": True, **more}


@pytest.mark.parametrize(
    ("schema", "more", "query"),
    [
        ({"type": "integer"}, {}, ("a=1",)),
        ({"type": "boolean"}, {}, ("a=true",)),
        ({"const": "x y&z"}, {}, ("a=x%20y%26z",)),
        ({"const": [1, "b c"]}, {}, ("a=1", "a=b%20c")),
        ({"const": [1, 2]}, {"explode": False}, ("a=1,2",)),
        ({"const": [1, 2]}, {"style": "pipeDelimited"}, ("a=1%7C2",)),
        ({"const": {"x": 1, "y": 2}}, {}, ("x=1", "y=2")),
        ({"const": {"x": 1}}, {"style": "deepObject"}, ("a[x]=1",)),
        ({"const": {"x": 1}}, {"explode": False}, ("a=x,1",)),
        ({"type": "integer"}, {"example": 7}, ("a=7",)),
        ({"type": "integer"}, {"examples": {"one": {"value": 8}}}, ("a=8",)),
    ],
)
def test_a_query_is_written_in_its_style(schema: Any, more: dict[str, Any], query: tuple[str, ...]) -> None:
    assert given(parameter("query", schema, **more)).query == query


def test_a_parameter_with_content_is_json() -> None:
    content = {"application/json": {"schema": {"const": {"x": 1}}}}
    assert given({"in": "query", "name": "a", "required": True, "content": content}).query == (
        "a=%7B%22x%22%3A1%7D",
    )


def test_what_is_optional_is_left_out_unless_it_has_an_example() -> None:
    assert given(parameter("query", {"type": "integer"}, required=False)) == Arguments()
    assert given(parameter("query", {"type": "integer", "example": 3}, required=False)).query == ("a=3",)


def test_each_place_has_its_own() -> None:
    found = given(
        parameter("path", {"const": "x/y"}),
        parameter("header", {"const": "de"}, "Accept-Language"),
        parameter("header", {"const": "de"}, "Accept"),
        parameter("cookie", {"const": "a;b"}, "session"),
    )
    assert found == Arguments(
        path={"a": "x%2Fy"}, headers=(("Accept-Language", "de"),), cookies=("session=a%3Bb",)
    )


def test_parameters_of_the_path_item_hold_for_all_methods() -> None:
    shared = (parameter("query", {"const": 1}), parameter("query", {"const": 2}, "b"))
    assert given(parameter("query", {"const": 3}, "b"), shared=shared).query == ("a=1", "b=3")


@pytest.mark.parametrize(
    "wrong",
    [
        parameter("path", {"const": ""}),
        parameter("query", False),
        parameter("header", {"type": "string"}, "Authorization"),
    ],
)
def test_what_cannot_be_given_has_a_reason(wrong: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        given(wrong)
