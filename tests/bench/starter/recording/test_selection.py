"""Which exchanges become a scenario."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from bench.errors import UsageError
from bench.starter.recording.exchanges import Answer, Exchange, Omission, Traffic
from bench.starter.recording.selection import is_static, select


def got(address: str, kind: str = "application/json", method: str = "GET") -> Exchange:
    headers = (("Content-Type", kind),) if kind else ()
    return Exchange(
        where="", method=method, url=urlsplit(address), answer=Answer(status=200, headers=headers)
    )


def recording(*exchanges: Exchange) -> Traffic:
    return Traffic(kind="a test", exchanges=exchanges, left_out=(Omission("entry 9", "a reason"),))


PAGE = got("https://app.test/", "text/html")
FILES = [got(f"https://cdn.test/{number}.js", "text/javascript") for number in range(9)]
CALLS = [got(f"https://api.test/{number}") for number in range(3)]


def test_the_origin_with_the_most_requests_for_other_things_than_files_is_taken() -> None:
    found = select(recording(PAGE, *FILES, *CALLS))
    assert (found.origin, list(found.exchanges)) == ("https://api.test", CALLS)
    assert [each.what for each in found.left_out] == [
        *("entry 9", "9 requests to https://cdn.test", "1 request to https://app.test")
    ]
    assert "--host app.test" in found.left_out[-1].reason


@pytest.mark.parametrize("host", ["app.test", "APP.test", "https://app.test/"])
def test_a_host_may_be_chosen(host: str) -> None:
    assert select(recording(PAGE, *CALLS), host).exchanges == (PAGE,)


def test_a_port_tells_two_servers_of_one_host_apart() -> None:
    one, two = got("http://127.0.0.1:8000/"), got("http://127.0.0.1:9000/")
    assert select(recording(one, two), "127.0.0.1:9000").exchanges == (two,)
    assert select(recording(one, two), "127.0.0.1").exchanges == (one,)
    assert select(recording(one, two, two)).exchanges == (two, two)


def test_a_host_that_nobody_asked_is_refused_with_a_close_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'api\\.test'"):
        select(recording(*CALLS), "apj.test")


def test_static_files_are_kept_where_that_is_wanted() -> None:
    style = got("https://api.test/a.css", "text/css")
    found = select(recording(*CALLS, style))
    assert style not in found.exchanges
    assert "1 static file" in [each.what for each in found.left_out]
    assert style in select(recording(*CALLS, style), keeps_static=True).exchanges
    with pytest.raises(UsageError, match="--static"):
        select(recording(style))


@pytest.mark.parametrize(
    ("path", "kind", "static"),
    [
        ("/a.js", "application/javascript", True),
        ("/a.PNG", "", True),
        ("/a.woff2", "application/octet-stream", True),
        ("/logo", "image/svg+xml", True),
        ("/a.map", "application/json", False),
        ("/file.css", "text/plain", True),
        ("/items.json", "application/json", False),
        ("/report.pdf", "application/pdf", False),
        ("/", "text/html", False),
        ("/download", "application/octet-stream", False),
    ],
)
def test_files_are_told_by_type_and_path(path: str, kind: str, static: bool) -> None:
    assert is_static(got(f"https://api.test{path}", kind)) is static
    assert not is_static(replace(got(f"https://api.test{path}", kind), method="POST"))


def test_nothing_to_send_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="entry 9: a reason"):
        select(recording())
