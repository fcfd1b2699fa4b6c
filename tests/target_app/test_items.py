"""Items through the async API and its sync twin: one set of expectations for both."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.target_app.conftest import ROOTS, StartApp, item_names

SEEDED_1 = {
    "id": 1,
    "name": "brass basket 1",
    "price": 0.37,
    "description": "The basket with the number 1.",
    "owner_id": None,
}
LAMP = {"name": "lamp", "price": 2.5, "description": "Bright."}
NO_SUCH_ITEM = "There is no such item"
JSON = {"Content-Type": "application/json"}


class TestLife:
    def test_created_item_is_at_its_location(self, client: TestClient, root: str) -> None:
        created = client.post(root, json=LAMP)
        assert (created.status_code, created.json()) == (201, {"id": 21, **LAMP, "owner_id": None})
        assert created.headers["location"] == f"{root}/21"
        assert client.get(created.headers["location"]).json() == {"id": 21, **LAMP, "owner_id": None}

    def test_seeded_item_is_there(self, client: TestClient, root: str) -> None:
        assert client.get(f"{root}/1").json() == SEEDED_1

    def test_put_replaces_all_fields(self, client: TestClient, root: str) -> None:
        answer = client.put(f"{root}/1", json={"name": "vase", "price": 9})
        replaced = {"id": 1, "name": "vase", "price": 9.0, "description": None, "owner_id": None}
        assert (answer.status_code, answer.json()) == (200, replaced)
        assert client.get(f"{root}/1").json() == replaced

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"price": 4.25}, id="one field"),
            pytest.param({"name": "vase", "description": "Blue."}, id="two fields"),
            pytest.param({"description": None}, id="null removes the description"),
            pytest.param({}, id="nothing"),
        ],
    )
    def test_patch_keeps_the_other_fields(
        self, client: TestClient, root: str, change: dict[str, object]
    ) -> None:
        answer = client.patch(f"{root}/1", json=change)
        assert (answer.status_code, answer.json()) == (200, SEEDED_1 | change)
        assert client.get(f"{root}/1").json() == SEEDED_1 | change

    def test_deleted_item_is_gone_for_all_methods(self, client: TestClient, root: str) -> None:
        deleted = client.delete(f"{root}/20")
        assert (deleted.status_code, deleted.content) == (204, b"")
        again = [
            client.get(f"{root}/20"),
            client.put(f"{root}/20", json=LAMP),
            client.patch(f"{root}/20", json={"price": 1}),
            client.patch(f"{root}/20", json={}),
            client.delete(f"{root}/20"),
        ]
        assert [(answer.status_code, answer.json()["detail"]) for answer in again] == [
            (404, NO_SUCH_ITEM)
        ] * 5
        assert len(item_names(client, root)) == 19

    def test_id_of_a_deleted_item_is_not_given_out_again(self, client: TestClient, root: str) -> None:
        client.delete(f"{root}/{client.post(root, json=LAMP).json()['id']}")
        assert client.post(root, json=LAMP).json()["id"] == 22

    def test_change_survives_a_restart(self, start_app: StartApp, root: str) -> None:
        start_app().patch(f"{root}/3", json={"name": "kept"})
        assert start_app().get(f"{root}/3").json()["name"] == "kept"


class TestTwins:
    def test_answer_the_same_byte_for_byte(self, client: TestClient) -> None:
        """Both do the same to items of their own, then read what the other wrote."""
        first, second = (self.transcript(client, root) for root in ROOTS)
        assert first == second
        assert client.get(ROOTS[0]).content == client.get(ROOTS[1]).content

    def transcript(self, client: TestClient, root: str) -> list[tuple[int, dict[str, str], str]]:
        """Every kind of answer, with what differs by nature taken out: the item's id and the root."""
        client.headers["X-Request-ID"] = "the-same"
        created = client.post(root, json=LAMP)
        path, item_id = created.headers["location"], str(created.json()["id"])
        answers = [
            created,
            client.get(path),
            client.patch(path, json={"price": 1}),
            client.put(path, json={"name": "x" * 101, "price": 1}),
            client.put(path, json={"name": "vase", "price": 3}),
            client.get(root, params={"q": "vase", "sort": "-id", "limit": 1}),
            client.get(root, params={"sort": "colour"}),
            client.delete(path),
            client.get(path),
            client.post(path, json=LAMP),
            client.post(root, content=b"\xff", headers=JSON),
        ]
        return [
            (
                answer.status_code,
                {name: value.replace(path, "PATH") for name, value in answer.headers.items()},
                answer.text.replace(f'"id":{item_id},', '"id":ID,'),
            )
            for answer in answers
        ]


class TestIds:
    @pytest.mark.parametrize(
        "item_id",
        [
            pytest.param("0", id="below the first"),
            pytest.param("-1", id="negative"),
            pytest.param(str(2**31), id="beyond int32"),
            pytest.param(str(2**63), id="beyond int64"),
            pytest.param("9" * 5000, id="thousands of digits"),
            pytest.param("lamp", id="no number"),
            pytest.param("1.5", id="a fraction"),
            pytest.param("nan", id="not a number"),
            pytest.param("%00", id="NUL"),
            pytest.param("1;DROP TABLE items", id="SQL"),
        ],
    )
    def test_bad_id_is_refused(self, unchanged: TestClient, root: str, item_id: str) -> None:
        answers = [
            unchanged.get(f"{root}/{item_id}"),
            unchanged.put(f"{root}/{item_id}", json=LAMP),
            unchanged.patch(f"{root}/{item_id}", json={"price": 1}),
            unchanged.delete(f"{root}/{item_id}"),
        ]
        assert [answer.status_code for answer in answers] == [422] * 4

    def test_largest_id_is_looked_for(self, unchanged: TestClient, root: str) -> None:
        assert unchanged.get(f"{root}/{2**31 - 1}").json()["detail"] == NO_SUCH_ITEM


class TestBodies:
    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"name": "x"}, id="shortest name"),
            pytest.param({"name": "x" * 100}, id="longest name"),
            pytest.param({"name": "\N{CAT}" * 100}, id="characters count, not bytes"),
            pytest.param({"name": "a\nb\t\x7f"}, id="control characters"),
            pytest.param({"name": "'; DROP TABLE items; --"}, id="SQL is text"),
            pytest.param({"name": "<script>"}, id="markup is text"),
            pytest.param({"price": 0}, id="free"),
            pytest.param({"price": 1_000_000}, id="dearest"),
            pytest.param({"price": 0.1 + 0.2}, id="every digit of a float"),
            pytest.param({"description": ""}, id="empty description"),
            pytest.param({"description": "x" * 1000}, id="longest description"),
            pytest.param({"description": None}, id="no description"),
        ],
    )
    def test_comes_back_as_it_was_given(
        self, client: TestClient, root: str, fields: dict[str, object]
    ) -> None:
        created = client.post(root, json=LAMP | fields)
        assert (created.status_code, created.json()) == (201, {"id": 21, "owner_id": None} | LAMP | fields)
        assert client.get(f"{root}/21").json() == {"id": 21, "owner_id": None} | LAMP | fields

    @pytest.mark.parametrize(
        "field",
        [
            pytest.param('"name": ""', id="empty name"),
            pytest.param(f'"name": "{"x" * 101}"', id="long name"),
            pytest.param('"name": "a\\u0000b"', id="NUL in name"),
            pytest.param('"name": "\\u0000"', id="NUL alone"),
            pytest.param('"name": "a\\n\\u0000"', id="NUL after a line's end"),
            pytest.param('"name": "\\ud800"', id="half a surrogate pair"),
            pytest.param('"name": null', id="null name"),
            pytest.param('"name": 5', id="number as name"),
            pytest.param('"name": ["a"]', id="list as name"),
            pytest.param('"price": -0.01', id="negative price"),
            pytest.param('"price": 1000000.01', id="price too high"),
            pytest.param('"price": NaN', id="NaN"),
            pytest.param('"price": Infinity', id="infinity"),
            pytest.param('"price": -Infinity', id="negative infinity"),
            pytest.param('"price": 1e400', id="number that becomes infinity"),
            pytest.param('"price": "1.5"', id="price as text"),
            pytest.param('"price": true', id="price as boolean"),
            pytest.param('"price": null', id="null price"),
            pytest.param(f'"description": "{"x" * 1001}"', id="long description"),
            pytest.param('"description": "\\u0000"', id="NUL in description"),
            pytest.param('"colour": "red"', id="extra field"),
            pytest.param('"id": 7', id="id is not the client's to choose"),
        ],
    )
    def test_bad_field_is_refused(self, unchanged: TestClient, root: str, field: str) -> None:
        whole = ('{"name": "lamp", "price": 2.5, ' + field + "}").encode()
        answers = [
            unchanged.post(root, content=whole, headers=JSON),
            unchanged.put(f"{root}/1", content=whole, headers=JSON),
            unchanged.patch(f"{root}/1", content=("{" + field + "}").encode(), headers=JSON),
        ]
        assert [answer.status_code for answer in answers] == [422] * 3
        assert unchanged.get(f"{root}/1").json() == SEEDED_1
        assert len(item_names(unchanged, root, limit=100)) == 20

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            pytest.param(b"", 422, id="empty"),
            pytest.param(b'{"price": 1}', 422, id="without a name"),
            pytest.param(b'{"name": "lamp"}', 422, id="without a price"),
            pytest.param(b"[]", 422, id="list"),
            pytest.param(b"null", 422, id="null"),
            pytest.param(b'{"name": "lamp", "price": 1', 422, id="cut short"),
            pytest.param(b"{'name': 'lamp', 'price': 1}", 422, id="Python, not JSON"),
            pytest.param(b'{"name": "\xff", "price": 1}', 400, id="not UTF-8"),
            pytest.param(b"[" * 10_000, 400, id="nested beyond the parser's depth"),
            pytest.param(b'{"name": "lamp", "price": %s}' % (b"9" * 5000), 400, id="thousands of digits"),
        ],
    )
    def test_bad_body_is_refused(self, unchanged: TestClient, root: str, body: bytes, status: int) -> None:
        assert unchanged.post(root, content=body, headers=JSON).status_code == status
        assert unchanged.put(f"{root}/1", content=body, headers=JSON).status_code == status

    def test_body_without_its_content_type_is_refused(self, unchanged: TestClient, root: str) -> None:
        assert unchanged.post(root, content=b'{"name": "lamp", "price": 1}').status_code == 422

    def test_error_says_where_and_why_but_echoes_nothing(self, unchanged: TestClient, root: str) -> None:
        named = {"X-Request-ID": "a-1"}
        answer = unchanged.post(root, json={"name": "hunter2" * 50, "price": 1}, headers=named)
        assert answer.json() == {
            "detail": [
                {
                    "type": "string_too_long",
                    "loc": ["body", "name"],
                    "msg": "String should have at most 100 characters",
                }
            ],
            "request_id": "a-1",
        }


class TestBodySize:
    BODY = b'{"name": "lamp", "price": 1}'

    def test_body_at_the_limit_is_read(self, start_app: StartApp, root: str) -> None:
        client = start_app(max_body_bytes=len(self.BODY))
        assert client.post(root, content=self.BODY, headers=JSON).status_code == 201

    def test_announced_body_beyond_the_limit_is_refused(self, start_app: StartApp, root: str) -> None:
        client = start_app(max_body_bytes=len(self.BODY) - 1)
        for answer in (
            client.post(root, content=self.BODY, headers=JSON),
            client.put(f"{root}/1", content=self.BODY, headers=JSON),
            client.patch(f"{root}/1", content=self.BODY, headers=JSON),
        ):
            assert answer.status_code == 413

    def test_chunked_body_beyond_the_limit_is_refused(self, start_app: StartApp, root: str) -> None:
        def chunks() -> Iterator[bytes]:
            yield self.BODY[:10]
            yield self.BODY[10:]

        client = start_app(max_body_bytes=len(self.BODY) - 1)
        answer = client.post(root, content=chunks(), headers=JSON)
        assert answer.status_code == 413
        assert len(item_names(client, root)) == 20

    def test_limit_is_16_kibibytes(self, client: TestClient, root: str) -> None:
        padding = b" " * (2**14 - len(self.BODY))
        assert client.post(root, content=self.BODY + padding, headers=JSON).status_code == 201
        assert client.post(root, content=self.BODY + padding + b" ", headers=JSON).status_code == 413

    def test_the_largest_item_is_within_it(self, client: TestClient, root: str) -> None:
        """Beyond the basic plane, a letter takes twelve bytes where JSON escapes it."""
        largest = {"name": "\U0001f4a1" * 100, "price": 999_999.99, "description": "\U0001f4a1" * 1000}
        body = json.dumps(largest).encode()
        assert len(body) > 13_000
        assert client.post(root, content=body, headers=JSON).json()["description"] == largest["description"]
