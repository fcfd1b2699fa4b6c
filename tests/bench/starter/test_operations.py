"""What an OpenAPI schema says, as requests."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.starter.operations import Operation, operations
from tests.bench.starter.schemas import values
from tests.bench.starter.services import inspection

JSON = "application/json"


def one(entry: dict[str, Any], method: str = "post", path: str = "/items", **document: Any) -> Operation:
    """The only operation of a document."""
    (found,) = operations(inspection({"openapi": "3.1.0", "paths": {path: {method: entry}}, **document}))
    return found


def body(kind: str, schema: Any, **media: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema, **media}}}}


def test_an_operation_has_a_name_a_line_and_the_answer_that_it_should_give() -> None:
    responses: dict[str, Any] = {"422": {}, "201": {"content": {JSON: {}}}}
    found = one({"summary": "Add an\titem", "responses": responses, **body(JSON, {"const": {"a": 1}})})
    assert found == Operation(
        name="post-items",
        method="POST",
        path="/items",
        about="Add an item",
        target="/items",
        has_json=True,
        json={"a": 1},
        expect=201,
        content_type=JSON,
    )


def test_values_stand_in_the_path_and_in_the_query() -> None:
    parameters = [
        {"in": "path", "name": "item_id", "required": True, "schema": {"type": "integer", "minimum": 4}},
        {"in": "query", "name": "q", "required": True, "schema": {"type": "string"}},
        {"in": "cookie", "name": "c", "required": True, "schema": {"type": "boolean"}},
    ]
    found = one({"parameters": parameters}, "get", "/items/{item_id}")
    assert (found.name, found.target) == ("get-items-item-id", "/items/4?q=text")
    assert found.headers == (("Cookie", "c=true"),)
    assert found.is_callable


@pytest.mark.parametrize(
    ("media", "drawn"),
    [
        ({"example": 3}, 3),
        ({"examples": {"first": {"value": 4}, "second": {"value": 5}}}, 4),
        ({}, 1),
    ],
)
def test_an_example_of_a_body_is_taken_as_it_is(media: dict[str, Any], drawn: int) -> None:
    assert one(body("application/vnd.shop+json", {"type": "integer"}, **media)).json == drawn


def test_a_form_is_encoded() -> None:
    schema = {"properties": {"name": {"const": "a b"}, "on": {"const": True}}, "required": ["name", "on"]}
    assert one(body("application/x-www-form-urlencoded", schema)).form == "name=a+b&on=true"


@pytest.mark.parametrize(
    ("entry", "method", "word"),
    [
        ({"security": [{"bearer": []}]}, "get", "authentication"),
        ({}, "delete", "deletes"),
        (body("multipart/form-data", {}), "post", "multipart"),
        (body("text/csv", {}), "post", "text/csv"),
        (body(JSON, {"type": "string", "format": "binary"}), "post", "file"),
        (body(JSON, {"$ref": "#/components/schemas/Gone"}), "post", "Gone"),
        ({"parameters": [{"name": "a"}]}, "get", "cannot be read"),
        (body(JSON, {"type": "integer", "minimum": "x"}), "post", "cannot be read"),
    ],
)
def test_what_cannot_be_called_from_the_schema_alone_has_a_reason(
    entry: dict[str, Any], method: str, word: str
) -> None:
    found = one(entry, method)
    assert word in found.reason
    assert not found.is_callable


@pytest.mark.parametrize(
    "responses",
    [
        {"201": {"$ref": "#/components/responses/Gone"}},
        {"201": {"$ref": "common.yaml#/responses/Made"}},
        {"201": {"$ref": 3}},
        {"201": None},
        {"201": {"content": None}},
        {"201": {"content": [3]}},
        {"201": "made"},
    ],
)
def test_an_answer_that_cannot_be_read_keeps_its_status_and_has_no_type(responses: Any) -> None:
    found = one({"responses": responses})
    assert (found.expect, found.content_type, found.is_callable) == (201, "", True)


@pytest.mark.parametrize(
    "responses", [None, [], 3, {}, {"default": {}}, {"2XX": {}}, {"2\N{SUPERSCRIPT TWO}0": {}}]
)
def test_without_a_status_200_is_expected(responses: Any) -> None:
    assert one({"responses": responses}).expect == 200


WHOLE = {
    "openapi": "3.1.0",
    "security": [{"bearer": []}],
    "paths": {
        "/items/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
            "post": {
                "summary": "Add",
                "security": [],
                "parameters": [{"in": "query", "name": "q", "required": True, "schema": {"enum": ["a"]}}],
                "requestBody": {"content": {JSON: {"schema": {"$ref": "#/components/schemas/Item"}}}},
                "responses": {"201": {"$ref": "#/components/responses/Made"}},
            },
        }
    },
    "components": {
        "schemas": {"Item": {"properties": {"a": {"type": "array", "minItems": 1}}, "required": ["a"]}},
        "responses": {"Made": {"content": {JSON: {}}}},
    },
}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each member of a document: what holds it, and its key or number there."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@given(st.data(), values())
@settings(max_examples=300, deadline=None)
def test_a_document_with_a_mistake_anywhere_costs_no_more_than_its_operation(data: Any, wrong: Any) -> None:
    document = deepcopy(WHOLE)
    holder, key = data.draw(st.sampled_from(list(places(document))))
    holder[key] = wrong
    found = operations(inspection(document))
    assert len(found) <= 5
    assert all(each.is_callable or each.reason for each in found)


def test_a_whole_document_is_read() -> None:
    (found,) = operations(inspection(WHOLE))
    assert (found.target, found.expect, found.content_type) == ("/items/1?q=a", 201, JSON)
    assert (found.json, found.is_callable) == ({"a": ["text"]}, True)


def test_a_path_with_a_parameter_that_nobody_describes_is_no_request() -> None:
    assert "{item_id}" in one({}, "get", "/items/{item_id}").reason


@pytest.mark.parametrize(
    ("of_all", "of_one", "needed"),
    [
        ([{"key": []}], None, True),
        ([{"key": []}], [], False),
        ([], [{"key": []}], True),
        ([{"key": []}, {}], None, False),
        (None, [{}], False),
    ],
)
def test_authentication_is_needed_where_no_way_around_is_offered(
    of_all: Any, of_one: Any, needed: bool
) -> None:
    entry = {} if of_one is None else {"security": of_one}
    assert one(entry, "get", security=of_all).is_callable is not needed


def test_routes_that_no_schema_names_are_added() -> None:
    schema = {
        "openapi": "3.1.0",
        "paths": {"/items/{id}": {"get": {"parameters": [{"in": "path", "name": "id"}]}}},
    }
    routes = [
        {"method": "GET", "path": "/v1/items/{item_id}", "kinds": {"item_id": "integer"}},
        {"method": "GET", "path": "/square/{number}", "kinds": {"number": "integer"}},
        {"method": "GET", "path": "/files/{name}", "kinds": {}},
        {"method": "POST", "path": "/notes", "kinds": {}},
        {"method": "GET", "path": "/docs", "kinds": {}},
        {"method": "GET", "path": "/openapi.json", "kinds": {}},
    ]
    found = operations(inspection(schema, routes, prefix="/v1"))
    assert [(each.path, each.target, each.is_callable) for each in found] == [
        ("/v1/items/{id}", "/v1/items/text", True),
        ("/square/{number}", "/square/1", True),
        ("/files/{name}", "/files/{name}", False),
        ("/notes", "/notes", False),
    ]


def test_names_do_not_recur() -> None:
    paths: dict[str, Any] = {path: {"get": {}} for path in ("/a/b", "/a-b", "/a_b", "/")}
    found = operations(inspection({"paths": paths}))
    assert [each.name for each in found] == ["get-a-b", "get-a-b-2", "get-a-b-3", "get-root"]
