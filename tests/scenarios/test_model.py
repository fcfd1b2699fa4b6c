"""Requests know what their answers must be; flows are driven alike by blocking and awaiting senders."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.model import (
    Check,
    Flow,
    Request,
    Response,
    Scenario,
    contains,
    content_type,
    drive,
    drive_async,
    json_request,
)

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Worker:7\r\nLocation:  http://a:1/b \r\n"
    b"Set-Cookie: first\r\nset-cookie: second\r\nX-Empty:\r\nX-Odd: caf\xe9"
)


def unreadable(response: Response) -> bool:
    return bool(json.loads(response.body)["name"])


class TestFault:
    @pytest.mark.parametrize(
        ("expect", "check", "answer", "fault"),
        [
            pytest.param(200, None, Response(200, b""), None, id="as expected"),
            pytest.param(200, None, Response(500, b""), "status-500", id="failure"),
            pytest.param(200, None, Response(204, b""), "status-204", id="another success is wrong too"),
            pytest.param(404, None, Response(404, b""), None, id="an error that is expected"),
            pytest.param(200, contains(b"yes"), Response(200, b"oh yes!"), None, id="right body"),
            pytest.param(200, contains(b"yes"), Response(200, b"no"), "wrong-body", id="wrong body"),
            pytest.param(200, contains(b"yes"), Response(200, b"YES"), "wrong-body", id="case counts"),
            pytest.param(200, contains(b"yes"), Response(503, b"yes"), "status-503", id="status comes first"),
            pytest.param(200, unreadable, Response(200, b"{"), "check-raised", id="check cannot parse"),
            pytest.param(
                200, unreadable, Response(200, b"[]"), "check-raised", id="check finds another shape"
            ),
            pytest.param((200, 409), None, Response(409, b""), None, id="one of several"),
            pytest.param((200, 409), None, Response(201, b""), "status-201", id="none of several"),
            pytest.param(
                (200, 409), contains(b"yes"), Response(200, b"no"), "wrong-body", id="several and a check"
            ),
            pytest.param(200, unreadable, Response(200, b'{"name":"x"}'), None, id="check parses"),
        ],
    )
    def test_tells_what_is_wrong(
        self, expect: int | tuple[int, ...], check: Check | None, answer: Response, fault: str | None
    ) -> None:
        assert Request("GET", "/", expect=expect, check=check).fault(answer) == fault


class TestHeader:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("Content-Type", "text/plain", id="as sent"),
            pytest.param("content-type", "text/plain", id="any case"),
            pytest.param("X-Worker", "7", id="no space"),
            pytest.param("Location", "http://a:1/b", id="colons in the value, spaces around it"),
            pytest.param("Set-Cookie", "first", id="the first of several"),
            pytest.param("X-Empty", "", id="empty is not missing"),
            pytest.param("X-Odd", "caf\xe9", id="latin-1"),
            pytest.param("ETag", None, id="missing"),
            pytest.param("Content", None, id="part of a name"),
            pytest.param("HTTP/1.1 200 OK", None, id="the status line is none"),
        ],
    )
    def test_is_found(self, name: str, value: str | None) -> None:
        assert Response(200, b"", HEAD).header(name) == value

    def test_all_values_are_found(self) -> None:
        response = Response(200, b"", HEAD)
        assert response.header_values("SET-COOKIE") == ["first", "second"]
        assert response.header_values("ETag") == []

    def test_several_values_are_joined(self) -> None:
        headers = Response(200, b"", HEAD).headers
        assert headers["set-cookie"] == "first, second"
        assert headers["content-type"] == "text/plain"
        assert len(headers) == 6

    @pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["CR LF", "LF"])
    def test_a_continued_line_is_one_value(self, end: bytes) -> None:
        head = end.join([b"HTTP/1.1 200 OK", b"X-Long: one", b"\t two", b"X-Short: 1", b"", b""])
        assert Response(200, b"", head).headers == {"x-long": "one two", "x-short": "1"}

    def test_nothing_is_found_in_no_head(self) -> None:
        assert Response(200, b"").header("Content-Type") is None


class TestRequest:
    @pytest.mark.parametrize(
        ("request_", "label"),
        [
            pytest.param(Request("GET", "/a"), "GET /a", id="method and path"),
            pytest.param(Request("GET", "/a?b=1?c"), "GET /a", id="without the query"),
            pytest.param(Request("GET", "/a/7", name="GET /a/{id}"), "GET /a/{id}", id="its name"),
        ],
    )
    def test_label(self, request_: Request, label: str) -> None:
        assert request_.label == label

    def test_json_request_carries_its_body_and_type(self) -> None:
        check = contains(b"x")
        request = json_request("POST", "/a", {"n": 1, "t": "ä"}, name="make", expect=201, check=check)
        assert request == Request(
            "POST",
            "/a",
            b'{"n":1,"t":"\\u00e4"}',
            (("Content-Type", "application/json"),),
            name="make",
            expect=201,
            check=check,
        )

    def test_is_a_key(self) -> None:
        assert {Request("GET", "/a"): 1}[Request("GET", "/a")] == 1


def typed(content_type: bytes, body: bytes) -> Response:
    return Response(200, body, b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\n\r\n")


class TestBody:
    @pytest.mark.parametrize(
        ("content_type", "body", "text"),
        [
            pytest.param(b"text/plain", "grün".encode(), "grün", id="UTF-8 where none is named"),
            pytest.param(b"text/html; charset=ISO-8859-1", b"gr\xfcn", "grün", id="latin-1"),
            pytest.param(b'text/html; Charset="utf-16-le"', "grün".encode("utf-16-le"), "grün", id="quoted"),
            pytest.param(b"text/html; charset=martian", "grün".encode(), "grün", id="unknown"),
            pytest.param(b"text/plain", b"gr\xfcn", "gr\ufffdn", id="not text"),
        ],
    )
    def test_as_text(self, content_type: bytes, body: bytes, text: str) -> None:
        assert typed(content_type, body).text == text

    def test_as_json(self) -> None:
        assert typed(b"application/json", b'{"id": [7, null]}').json() == {"id": [7, None]}

    def test_what_is_not_json_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="line 1"):
            typed(b"application/json", b"<html>").json()

    def test_decoded(self) -> None:
        head = b"\r\ncontent-encoding: gzip"
        assert Response(200, gzip.compress(b"welcome"), head).decoded() == Response(200, b"welcome", head)
        assert Response(200, b"welcome").decoded() == Response(200, b"welcome")


class TestScenario:
    @pytest.mark.parametrize(
        ("name", "group", "variant"),
        [
            pytest.param("noop-async", "noop", "async", id="two words"),
            pytest.param("db-orm-async", "db-orm", "async", id="three words"),
            pytest.param("ping", "ping", "ping", id="one word is both"),
        ],
    )
    def test_belongs_to_a_group(self, name: str, group: str, variant: str) -> None:
        scenario = Scenario(name, lambda _rng: iter(()))  # type: ignore[arg-type, return-value]
        assert (scenario.group, scenario.variant) == (group, variant)

    def test_may_say_its_group_and_variant_itself(self) -> None:
        scenario = Scenario("checkout-v2", lambda _rng: iter(()), group="checkout", variant="async")  # type: ignore[arg-type, return-value]
        assert (scenario.group, scenario.variant) == ("checkout", "async")


def echo_until_short(_rng: Random) -> Flow:
    """Asks for what it was told last, until an answer has no body."""
    answer = yield Request("GET", "/start")
    while answer.body:
        answer = yield Request("GET", f"/{answer.status}/{answer.body.hex()}")


def nothing(_rng: Random) -> Flow:
    yield from ()


def from_list(answers: list[Response]) -> Iterator[Response]:
    """These answers, then one that ends the flow."""
    yield from answers
    yield Response(200, b"")


Answers = st.lists(st.builds(Response, st.integers(100, 599), st.binary(max_size=3)), max_size=6)


class TestDrive:
    def test_each_answer_is_sent_to_the_flow(self) -> None:
        answers = [Response(200, b"a"), Response(404, b"b"), Response(200, b"")]
        sent: list[str] = []

        def send(request: Request) -> Response:
            sent.append(request.path)
            return answers[len(sent) - 1]

        exchanged = list(drive(echo_until_short(Random(0)), send))
        assert sent == ["/start", "/200/61", "/404/62"]
        assert [request.path for request, _ in exchanged] == sent
        assert [response for _, response in exchanged] == answers

    def test_nothing_is_sent_before_it_is_asked_for(self) -> None:
        sent: list[Request] = []

        def send(request: Request) -> Response:
            sent.append(request)
            return Response(200, b"x")

        exchange = drive(echo_until_short(Random(0)), send)
        assert len(sent) == 0
        next(exchange)
        assert len(sent) == 1

    def test_flow_without_requests(self) -> None:
        def send(request: Request) -> Response:
            raise AssertionError(request)

        async def send_async(request: Request) -> Response:
            raise AssertionError(request)

        assert list(drive(nothing(Random(0)), send)) == []
        assert asyncio.run(drive_async(nothing(Random(0)), send_async)) == []

    def test_error_of_the_flow_reaches_the_driver(self) -> None:
        def broken(_rng: Random) -> Flow:
            yield Request("GET", "/")
            raise KeyError("id")

        async def send_async(_request: Request) -> Response:
            return Response(200, b"")

        with pytest.raises(KeyError, match="id"):
            list(drive(broken(Random(0)), lambda _request: Response(200, b"")))
        with pytest.raises(KeyError, match="id"):
            asyncio.run(drive_async(broken(Random(0)), send_async))

    @settings(max_examples=40, derandomize=True, database=None)
    @given(Answers)
    def test_both_drivers_exchange_the_same(self, answers: list[Response]) -> None:
        first, second = from_list(answers), from_list(answers)

        async def send_async(_request: Request) -> Response:
            return next(second)

        blocking = list(drive(echo_until_short(Random(0)), lambda _request: next(first)))
        awaiting = asyncio.run(drive_async(echo_until_short(Random(0)), send_async))
        assert blocking == awaiting
        told = [answer.body for answer in answers] + [b""]
        assert len(blocking) == told.index(b"") + 1


class TestContentType:
    @pytest.mark.parametrize("line", [b"content-type: Text/HTML", b"Content-Type: text/html; charset=utf-8"])
    def test_case_and_charset_do_not_matter(self, line: bytes) -> None:
        assert content_type("text/html")(Response(200, b"", b"HTTP/1.1 200 OK\r\n" + line))

    @pytest.mark.parametrize("line", [b"Content-Type: text/html5", b"Content-Type:", b"X: text/html"])
    def test_another_or_none_is_wrong(self, line: bytes) -> None:
        assert not content_type("text/html")(Response(200, b"", b"HTTP/1.1 200 OK\r\n" + line))
