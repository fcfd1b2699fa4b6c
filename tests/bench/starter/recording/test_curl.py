"""curl lines: the scenario that is written for a line sends what curl itself sends."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.starter.recording.curl import read_curl
from bench.starter.recording.journey import make_journey
from scenarios.model import Request
from tests.bench.on_thread import on_thread
from tests.bench.starter.recording.built import flow_of_journey, requests_of

_NOT_COMPARED = frozenset(
    {
        "host",
        "user-agent",
        "content-length",
        "accept-encoding",
        "connection",
        "expect",
        "referer",
        "accept-language",
    }
)
Sent = tuple[str, str, dict[str, str], bytes]


class _Keeper(ThreadingHTTPServer):
    """Keeps each request that it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: list[Sent] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Keeper

    def keep(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.kept.append((self.command, self.path, headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler.keep)


@pytest.fixture
def keeper() -> Iterator[_Keeper]:
    with on_thread(_Keeper()) as server:
        yield server


LINES = (
    "curl URL",
    "curl 'URL/items?page=2&q=a%20b' -H 'Accept: application/json' -H 'X-Shop: 1' --compressed",
    "curl -sSi -XDELETE -o /dev/null URL/items/7",
    "curl -I URL/items",
    "curl URL/form -d a=1 -d 'b=c d' --data-urlencode 'e=f g&h' --data-urlencode 'plain text'",
    "curl URL/form --data-raw '@not-a-file&x=1'",
    "curl -d '{\"a\": 1}' URL/json-as-a-form",
    'curl URL/json --json \'{"a":[1,2.5,null,true],"b":"ü"}\'',
    "curl URL/json -H 'content-type: application/json' --data-raw $'{\"a\":\"it\\'s\\\\u0021\"}'",
    "curl URL/xml -H 'Content-Type: application/xml' --data-binary '<a>\n<b/></a>'",
    "curl -G URL/search -d q=1 --data-urlencode 'r=s t'",
    "curl 'URL/search?x=0' -G -d q=1",
    "curl -X PUT --data-binary @body.bin -H 'Content-Type: application/octet-stream' URL/file",
    "curl -T body.bin URL/files/body.bin",
    "curl -F title=mine -F 'note=\"a;b\"' -F file=@body.bin -F 'text=<note.txt;type=text/plain' URL/upload",
    "curl -F 'file=@body.bin;filename=other.bin;type=image/png' --form-string 'a=@b;type=c' URL/upload",
    "curl URL/range -r 0-99",
    "curl -d '' URL/empty",
    "curl -X OPTIONS URL/options -H 'Access-Control-Request-Method: PUT'",
    "curl --get --url URL/one --next -d a=1 URL/two",
    "curl URL/one URL/two",
    "curl -H 'X-Empty;' -H 'Accept:' URL/headers",
    "curl --request PATCH --header 'Content-Type: application/merge-patch+json' --data '{\"a\":null}' URL/items/7",
    "curl -d a=1 -d a=2 URL/twice",
    "curl -b 'a=1; b=2' -u ann:secret-word URL/secrets",
    "curl --oauth2-bearer tok3n-of-mine URL/secrets",
)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("line", LINES)
def test_a_line_is_sent_as_curl_sends_it(
    line: str, keeper: _Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body.bin").write_bytes(b"\x00\x01\xff\r\n--x\n")
    (tmp_path / "note.txt").write_text("a note")
    line = line.replace("URL", f"http://127.0.0.1:{keeper.server_address[1]}")
    quiet = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(tmp_path)}
    subprocess.run(["bash", "-c", line], cwd=tmp_path, env=quiet, check=True, timeout=20, capture_output=True)
    journey = make_journey("shop", read_curl(line).exchanges)
    values = {"COOKIE_A": "1", "COOKIE_B": "2", "AUTHORIZATION": "YW5uOnNlY3JldC13b3Jk"}
    values |= {"AUTHORIZATION": "tok3n-of-mine"} if "oauth2" in line else {}
    for secret in journey.secrets:
        monkeypatch.setenv(secret.variable, values[secret.constant])
    sent = [_as_sent(request) for request in requests_of(flow_of_journey(journey, tmp_path))]
    assert [_plain(each) for each in sent] == [_plain(each) for each in keeper.kept]


def _as_sent(request: Request) -> Sent:
    return request.method, request.path, {key.lower(): value for key, value in request.headers}, request.body


def _plain(sent: Sent) -> Sent:
    """A request without what does not matter: the default of Accept, the boundary, white space in JSON."""
    method, path, headers, body = sent
    kept = {name: value for name, value in headers.items() if name not in _NOT_COMPARED}
    kept = {name: value for name, value in kept.items() if (name, value) != ("accept", "*/*")}
    kind = kept.get("content-type", "")
    if found := re.search("boundary=(.*)", kind):
        body = body.replace(found[1].encode(), b"BOUNDARY")
        body = re.sub(
            rb"Content-Type: application/octet-stream\r\n", b"", body
        )  # curl's guess of a file's type
        kept["content-type"] = kind.replace(found[1], "BOUNDARY")
    if "json" in kind or body.startswith(b"{"):
        body = re.sub(rb"(?<=[:,])\s+", b"", body).replace(b"\\u00fc", "ü".encode()).replace(b"\\u0021", b"!")
    if kind == "application/x-www-form-urlencoded":
        body = body.replace(b"%20", b"+").replace(b" ", b"+").replace(b"%40", b"@")
    return method, path, kept, body


def test_a_journey_of_lines_keeps_their_order_and_names_what_is_not_curl() -> None:
    found = read_curl(
        "curl http://a.test/1 ;\nwget http://a.test/2\ncurl http://a.test/3 &\ncurl\ncurl ftp://a.test/4\n"
        "curl -X 0 http://a.test/5\n"
    )
    assert [each.url.path for each in found.exchanges] == ["/1", "/3"]
    assert [each.what for each in found.left_out] == ["line 2", "line 4", "line 5", "line 6"]


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--frobnicate", "--frobnicate"),
        ("-sk@", "-@"),
        ("-L", "redirect"),
        ("-K curlrc", "--config"),
        ("-b jar.txt", "jar.txt"),
        ("-d @-", "terminal"),
        ("-H @heads.txt", "heads.txt"),
        ('-H "X-Id: $ID"', "$ID"),
        ("--digest", "--digest"),
        ("-X", "-X"),
        ("--data-urlencode name@file.txt", "file.txt"),
        ("-d a=1 -d @file.txt", "file.txt"),
    ],
)
def test_an_option_that_cannot_be_kept_is_named_with_its_line(option: str, word: str) -> None:
    found = read_curl(f"\ncurl http://a.test/ {option}")
    assert len(found.exchanges) == 1
    (remark,) = found.remarks
    assert remark.startswith("line 2: ")
    assert word in remark


@pytest.mark.parametrize(
    "option", ["-s", "-k", "--http2", "-m 5", "--retry 3", "-w '%{http_code}'", "-o out", "-vvv", "-#"]
)
def test_an_option_that_does_not_change_the_request_needs_no_word(option: str) -> None:
    found = read_curl(f"curl {option} http://a.test/")
    assert (len(found.exchanges), found.remarks, found.left_out) == (1, (), ())


def test_lines_of_another_shell_are_refused() -> None:
    with pytest.raises(UsageError, match="bash"):
        read_curl('curl "http://a.test/" ^\n  -H "a: b" ^\n  --compressed')
