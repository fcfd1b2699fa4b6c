"""Values that a later request took from an earlier answer, and values that only look like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.starter.recording.exchanges import Exchange
from scenarios.model import Response
from tests.bench.starter.recording.built import exchange, flow_of, requests_of

UUID, OTHER_UUID = "7d1f0b52-6f1c-4c59-9a3e-0c8f2b7d1e4a", "00000000-1111-4222-8333-444444444444"
ITEMS = {"items": [{"id": 7, "slug": "a-chair"}, {"id": 8, "slug": "a-table"}], "total": 2}


def second(
    first: Exchange, then: Exchange, answer: object, folder: Path
) -> tuple[str, object, dict[str, str]]:
    """Path, body and headers of the second request, after another answer to the first than the recorded one."""
    *_, last = requests_of(flow_of([first, then], folder), [answer])
    body = json.loads(last.body) if last.body.startswith((b"{", b"[")) else last.body
    return last.path, body, dict(last.headers)


@pytest.mark.parametrize(
    ("target", "replayed"),
    [
        ("/items/8", "/items/9"),
        ("/items/8/reviews?page=2", "/items/9/reviews?page=2"),
        ("/reviews?item_id=8", "/reviews?item_id=9"),
        ("/reviews?itemId=8&page=8", "/reviews?itemId=9&page=8"),
        ("/items/a-table", "/items/a-shelf"),
        ("/items/2", "/items/2"),
        ("/pages/8", "/pages/8"),
        ("/reviews?page=8", "/reviews?page=8"),
    ],
)
def test_an_id_in_a_path_or_a_query_comes_from_the_answer(target: str, replayed: str, tmp_path: Path) -> None:
    first, then = exchange("GET", "/items", answered=ITEMS), exchange("GET", target)
    answer = {"items": [{"id": 1, "slug": "a"}, {"id": 9, "slug": "a-shelf"}], "total": 3}
    assert second(first, then, answer, tmp_path)[0] == replayed


@pytest.mark.parametrize(
    ("sent", "replayed"),
    [
        ({"item_id": 8, "count": 8}, {"item_id": 9, "count": 8}),
        ({"items": [{"id": 8}]}, {"items": [{"id": 9}]}),
        ({"item": {"id": "8"}}, {"item": {"id": "9"}}),
        (
            {"count": 8, "flag": True, "price": 8.0, "none": None},
            {"count": 8, "flag": True, "price": 8.0, "none": None},
        ),
    ],
)
def test_an_id_in_a_body_keeps_its_type(sent: object, replayed: object, tmp_path: Path) -> None:
    first, then = exchange("GET", "/items", answered=ITEMS), exchange("POST", "/orders", sent)
    assert second(first, then, {"items": [{"id": 1}, {"id": 9}]}, tmp_path)[1] == replayed


def test_opaque_values_are_found_wherever_they_stand(tmp_path: Path) -> None:
    first = exchange("POST", "/carts", {"x": 1}, answered={"ref": UUID, "token": "t0ken-t0ken"})
    sent = {"note": f"urn:cart:{UUID}", "any": UUID}
    then = exchange(
        "POST", f"/x/{UUID}", sent, headers={"Authorization": "Bearer t0ken-t0ken", "X-Cart": UUID}
    )
    path, body, headers = second(first, then, {"ref": OTHER_UUID, "token": "new"}, tmp_path)
    assert (path, body) == (f"/x/{OTHER_UUID}", {"note": f"urn:cart:{OTHER_UUID}", "any": OTHER_UUID})
    assert (headers["Authorization"], headers["X-Cart"]) == ("Bearer new", OTHER_UUID)


def test_a_value_that_needs_it_is_encoded_in_a_path_and_a_query(tmp_path: Path) -> None:
    first = exchange("GET", "/files", answered=[{"key": "a b/c1d2e3.txt"}])
    for target, replayed in (
        ("/files/a%20b%2Fc1d2e3.txt", "/files/%26%2F"),
        ("/x?file_key=a+b%2Fc1d2e3.txt", "/x?file_key=%26%2F"),
    ):
        assert second(first, exchange("GET", target), [{"key": "&/"}], tmp_path)[0] == replayed


def test_what_the_user_sent_first_is_the_users_own(tmp_path: Path) -> None:
    first = exchange("POST", "/users", {"email": "ann1@example.com"}, answered={"email": "ann1@example.com"})
    then = exchange("POST", "/login", {"email": "ann1@example.com"})
    assert second(first, then, {"email": "else@example.com"}, tmp_path)[1] == {"email": "ann1@example.com"}
    first, then = exchange("GET", "/items/7", answered={"id": 7}), exchange("DELETE", "/items/7")
    assert second(first, then, {"id": 8}, tmp_path)[0] == "/items/7"


def test_an_answer_to_what_was_made_goes_before_one_that_lists(tmp_path: Path) -> None:
    made = exchange("POST", "/orders", {"count": 1}, answered={"id": 5})
    listed = exchange("GET", "/orders", answered=[{"id": 5}])
    flow = flow_of([made, listed, exchange("GET", "/orders/5")], tmp_path)
    *_, last = requests_of(flow, [{"id": 6}, [{"id": 99}]])
    assert last.path == "/orders/6"


@pytest.mark.parametrize(
    ("tag", "answered"),
    [
        ('<input type="hidden" name="csrf" value="{}">', "x9"),
        ("<input value='{}' type=hidden name='csrf'>", "x9"),
        ('<meta name="csrf" content="{}">', "x9"),
    ],
)
def test_a_hidden_field_comes_from_the_page(tag: str, answered: str, tmp_path: Path) -> None:
    page = (("Content-Type", "text/html; charset=utf-8"),)
    first = exchange("GET", "/form", answered=tag.format("a1b2c3d4e5").encode(), answer_headers=page)
    then = exchange("POST", "/form", body=b"csrf=a1b2c3d4e5&q=1", kind="application/x-www-form-urlencoded")
    answer = Response(200, tag.format(answered).encode())
    assert second(first, then, answer, tmp_path)[1] == b"csrf=x9&q=1"


def test_a_cookie_and_a_location_give_values_too(tmp_path: Path) -> None:
    back = (("Set-Cookie", "XSRF-TOKEN=a1b2c3d4e5; Path=/"), ("Location", "http://shop.test/orders/41"))
    first = exchange("POST", "/orders", {"x": 1}, status=201, answer_headers=back)
    then = exchange(
        "GET", "/orders/41", headers={"X-XSRF-Token": "a1b2c3d4e5", "Cookie": "XSRF-TOKEN=a1b2c3d4e5"}
    )
    head = b"HTTP/1.1 201 Created\r\nset-cookie: sid=1\r\n"
    head += b"set-cookie: XSRF-TOKEN=new; Path=/\r\nLocation: /orders/42/\r\n"
    path, _, headers = second(first, then, Response(201, b"", head), tmp_path)
    assert (path, headers) == ("/orders/42", {"X-XSRF-Token": "new"})


def test_names_of_variables_neither_clash_nor_hide_anything(tmp_path: Path) -> None:
    answered = {
        "class": UUID,
        "json": OTHER_UUID,
        "found": "f0und-f0und",
        "id": "1d-1d-1d-1d",
        "list": "l1st-l1st",
    }
    first = exchange("POST", "/things", {"a": 1}, answered=answered)
    _, body, _ = second(first, exchange("POST", "/x", answered), dict.fromkeys(answered, "new"), tmp_path)
    assert body == dict.fromkeys(answered, "new")
