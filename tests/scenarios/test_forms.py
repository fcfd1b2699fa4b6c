"""Forms as services read them: by Starlette's parsers, which are another's work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import UploadFile
from starlette.requests import Request as Received
from starlette.responses import JSONResponse

from bench.engines.inprocess import ASGIMessage, InProcess
from scenarios.forms import FormField, Upload, form_request, multipart_request, read_upload, upload_request
from scenarios.mistakes import ScenarioError
from scenarios.model import Request, Response


async def shown(value: str | UploadFile) -> object:
    return (
        value if isinstance(value, str) else [value.filename, value.content_type, (await value.read()).hex()]
    )


async def echo(scope: ASGIMessage, receive: Any, send: Any) -> None:
    """Answers with the fields of a form; a file is its name, type and content in hexadecimal digits."""
    if scope["type"] != "http":
        return
    async with Received(scope, receive).form() as form:
        fields = [
            (
                name,
                value
                if isinstance(value, str)
                else [value.filename, value.content_type, (await value.read()).hex()],
            )
            for name, value in form.multi_items()
        ]
    await JSONResponse(fields)(scope, receive, send)


def read(request: Request) -> Any:
    with InProcess(echo) as app:
        answer: Response = app.send(request)
    return json.loads(answer.body)


def test_fields_come_as_they_were_given() -> None:
    request = form_request(
        "POST", "/", {"name": "Ada & Bob=", "n": 7, "word": ["a b", "\u00e4"]}, expect=(200, 201)
    )
    assert read(request) == [["name", "Ada & Bob="], ["n", "7"], ["word", "a b"], ["word", "\u00e4"]]
    assert (request.method, request.expect) == ("POST", (200, 201))


def test_files_come_with_name_type_and_content() -> None:
    request = upload_request(
        "PUT",
        "/photos?x=1",
        {
            "photo": Upload("cat.png", b"\x00\r\n--", "image/png"),
            "more": [Upload("a", b""), Upload("b", b"2")],
        },
        fields={"title": '\u00e4 "cat"', "stars": 5},
        name="upload",
    )
    assert read(request) == [
        ["title", '\u00e4 "cat"'],
        ["stars", "5"],
        ["photo", ["cat.png", "image/png", "000d0a2d2d"]],
        ["more", ["a", "application/octet-stream", ""]],
        ["more", ["b", "application/octet-stream", "32"]],
    ]
    assert (request.method, request.path, request.label) == ("PUT", "/photos?x=1", "upload")


@settings(max_examples=30, derandomize=True, database=None)
@given(content=st.binary(max_size=200), value=st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_content_survives(content: bytes, value: str) -> None:
    request = upload_request("POST", "/", {"f": Upload("f", content)}, fields={"v": value})
    assert read(request) == [["v", value], ["f", ["f", "application/octet-stream", content.hex()]]]


def test_equal_contents_give_equal_requests_and_others_do_not() -> None:
    one, again, other = (upload_request("POST", "/", {"f": Upload("f", part)}) for part in (b"1", b"1", b"2"))
    assert one == again
    assert one.headers != other.headers


def test_a_name_cannot_leave_its_quotes() -> None:
    request = upload_request("POST", "/", {'a"\r\nX: y': Upload('b"c\n', b"")})
    head = request.body.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert len(head) == 3
    assert head[1] == b'Content-Disposition: form-data; name="a%22%0D%0AX: y"; filename="b%22c%0A"'


def test_a_file_beside_the_scenarios_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(b"meow")
    assert read_upload(path) == Upload("cat.png", b"meow", "image/png")
    assert read_upload(path, "image/x-cat").type == "image/x-cat"
    assert read_upload(Path(__file__).name).content == Path(__file__).read_bytes()
    with pytest.raises(ScenarioError, match=r"dog\.png: No such file"):
        read_upload(tmp_path / "dog.png")


def test_what_is_no_upload_is_named() -> None:
    for wrong in ([b"meow"], [Upload("cat.png", "meow")]):  # type: ignore[arg-type]
        with pytest.raises(ScenarioError, match="field 'photo' is not an Upload"):
            upload_request("POST", "/", {"photo": wrong})  # type: ignore[dict-item]


def test_parts_come_in_their_order_with_what_each_says_of_itself() -> None:
    parts = [FormField("cat", b"\x00", "cat.png", "image/png"), FormField("title", b"mine")]
    request = multipart_request("POST", "/", parts, headers=(("X-Trace", "7"),), expect=201)
    assert [field[0] for field in read(request)] == ["cat", "title"]
    assert (request.expect, request.headers[1]) == (201, ("X-Trace", "7"))
    assert b'name="cat"; filename="cat.png"\r\nContent-Type: image/png\r\n\r\n\x00\r\n' in request.body
