"""WSGI apps, called as PEP 3333 has it: its own checker looks on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from wsgiref.validate import validator

from bench.inside._fastapi_bench_exact.inprocess import Driver
from bench.inside._fastapi_bench_exact.wsgi import as_asgi
from scenarios.model import Request, Response

closed: list[str] = []


class Body:
    """A body in two parts that wants to be closed."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    def __iter__(self) -> Any:
        return iter(self._parts)

    def close(self) -> None:
        closed.append("yes")


def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    said = "|".join(
        str(environ.get(key))
        for key in (
            "REQUEST_METHOD",
            "SCRIPT_NAME",
            "PATH_INFO",
            "QUERY_STRING",
            "CONTENT_LENGTH",
            "HTTP_X_MINE",
        )
    )
    start_response("202 Accepted", [("Content-Type", "text/plain"), ("X-Answer", "yes")])
    return Body(said.encode("latin-1"), b"|", environ["wsgi.input"].read(100))


def test_an_app_sees_the_request_and_its_answer_comes_back() -> None:
    closed.clear()
    request = Request("POST", "/a%C3%A4/b?c=%20", b"body", (("X-Mine", "mine"),))
    with Driver(as_asgi(validator(site)), lifespan="off", root_path="/api", response=Response) as app:
        answer = app.send(request)
    assert answer.status == 202
    assert answer.body == b"POST|/api|/a\xc3\xa4/b|c=%20|4|mine|body"
    assert answer.header("x-answer") == "yes"
    assert closed == ["yes"]
