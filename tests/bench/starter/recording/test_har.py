"""HAR files with the gaps that browsers and proxies leave in them."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.starter.recording.exchanges import FormPart
from bench.starter.recording.har import read_har


def entry(url: str = "http://a.test/x", method: str = "GET", **more: Any) -> dict[str, Any]:
    response = {"status": 200, "headers": [], "content": {}} | more.pop("response", {})
    request = {"method": method, "url": url, "headers": []} | more.pop("request", {})
    return {
        "startedDateTime": "2026-01-15T12:00:00.000Z",
        "time": 5,
        "request": request,
        "response": response,
        **more,
    }


def har(*entries: object) -> dict[str, Any]:
    return {"log": {"version": "1.2", "entries": list(entries)}}


def test_an_entry_is_an_exchange() -> None:
    headers = [{"name": ":authority", "value": "a.test"}, {"name": "X-Shop", "value": "1"}]
    content = {
        "mimeType": "application/json; charset=utf-8",
        "text": base64.b64encode(b"{}").decode(),
        "encoding": "base64",
    }
    posted = {"mimeType": "application/json", "text": '{"a":"ü"}'}
    request = {"headers": headers, "postData": posted}
    one = entry(
        "http://a.test/x?y=1#z", "post", request=request, response={"status": 201, "content": content}
    )
    (found,) = read_har(har(one)).exchanges
    assert (found.method, found.url.path, found.url.query, found.origin) == (
        "POST",
        "/x",
        "y=1",
        "http://a.test",
    )
    assert found.headers == (("X-Shop", "1"), ("Content-Type", "application/json"))
    assert found.body == '{"a":"ü"}'.encode()
    assert found.answer is not None
    assert (found.answer.status, found.answer.content_type, found.answer.body) == (
        201,
        "application/json",
        b"{}",
    )
    assert (found.began_s, found.took_s) == (1768478400.0, 0.005)


def test_entries_stand_in_the_order_of_their_times() -> None:
    times = ("2026-01-15T12:00:02.5+00:00", "2026-01-15T13:00:01+01:00", "2026-01-15T12:00:03Z")
    entries = [entry(f"http://a.test/{number}", startedDateTime=time) for number, time in enumerate(times)]
    assert [each.url.path for each in read_har(har(*entries)).exchanges] == ["/1", "/0", "/2"]
    entries[1]["startedDateTime"] = "yesterday"
    assert [each.url.path for each in read_har(har(*entries)).exchanges] == ["/0", "/1", "/2"]


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (entry("wss://a.test/"), "WebSocket"),
        (entry(_resourceType="websocket"), "WebSocket"),
        (entry(response={"status": 101}), "WebSocket"),
        (entry(response={"status": 0}), "no answer"),
        (entry(_fromCache="disk"), "cache"),
        (entry("data:text/plain,x"), "URL"),
        (entry("http://a.test:99999/"), "URL"),
        (entry("http://[::1/"), "URL"),
        (entry(method="CONNECT"), "CONNECT"),
        (entry(method=""), "method"),
        (entry(response={"content": {"mimeType": "text/event-stream"}}), "stream"),
        (entry(method="POST", request={"bodySize": 9}), "body"),
        (entry(method="POST", request={"postData": {"mimeType": "multipart/form-data; boundary=x"}}), "body"),
        (7, "method"),
        ({"request": None}, "method"),
    ],
)
def test_an_entry_that_cannot_be_sent_again_is_left_out_with_the_reason(one: object, word: str) -> None:
    found = read_har(har(entry(), one))
    assert [each.where for each in found.exchanges] == ["entry 1"]
    assert [(each.what, word in each.reason) for each in found.left_out] == [("entry 2", True)]


def test_a_form_may_be_given_by_its_fields_alone() -> None:
    params = [{"name": "a b", "value": "c&d"}, {"name": "e", "value": ""}]
    posted = {"mimeType": "application/x-www-form-urlencoded", "params": params}
    (found,) = read_har(har(entry(method="POST", request={"postData": posted}))).exchanges
    assert found.body == b"a+b=c%26d&e="
    posted = {
        "mimeType": "multipart/form-data; boundary=x",
        "params": [{"name": "f", "fileName": "a.png"}, params[0]],
    }
    (found,) = read_har(har(entry(method="POST", request={"postData": posted}))).exchanges
    assert found.parts == (
        FormPart(name="f", file_name="a.png", path="a.png"),
        FormPart(name="a b", content=b"c&d"),
    )


@pytest.mark.parametrize(
    "document", [{"log": {}}, {"log": {"entries": []}}, {"log": None}, {"log": {"entries": {}}}]
)
def test_a_file_without_entries_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="entries"):
        read_har(document)


_ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["url", "text", "status"]), inner)
    ),
    max_leaves=6,
)
_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "request": st.fixed_dictionaries(
            {"method": st.just("POST"), "url": st.just("http://a.test/") | _ANYTHING},
            optional={"headers": _ANYTHING, "postData": _ANYTHING, "bodySize": _ANYTHING},
        ),
        "response": st.fixed_dictionaries(
            {"status": st.just(200) | _ANYTHING}, optional={"content": _ANYTHING}
        ),
        "time": _ANYTHING,
        "startedDateTime": _ANYTHING,
    },
)


@given(st.lists(_ENTRY | _ANYTHING, min_size=1))
@settings(deadline=None)
def test_values_of_wrong_kinds_raise_nothing(entries: list[Any]) -> None:
    found = read_har(har(*entries))
    assert len(found.exchanges) + len(found.left_out) == len(entries)
