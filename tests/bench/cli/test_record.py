"""`bench record` as a user runs it: what a browser did is done again, with new ids and tokens."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.files import load, own
from tests.bench.program import bench, bench_here
from tests.bench.starter.recording.shop import PASSWORD, Browser, Shop, open_shop, session


def buy(shop: Shop) -> Browser:
    """A login, an order that is made, read and deleted, a form and an upload."""
    browser = Browser(shop)
    as_json = {"Content-Type": "application/json"}
    page = browser.send("GET", "/")
    browser.send("GET", "/style.css")
    csrf = page.partition('value="')[2].partition('"')[0]
    login = json.dumps({"email": "ann@example.com", "password": PASSWORD}).encode()
    token = browser.send("POST", "/login", login, as_json)["data"]["access_token"]
    known = {"Authorization": f"Bearer {token}"}
    item = browser.send("GET", "/items?page=1")["items"][1]["id"]
    order = json.dumps({"item_id": item, "count": 7}).encode()
    made = browser.send("POST", "/orders", order, {**as_json, **known})["id"]
    browser.send("GET", f"/orders/{made}", headers=known)
    browser.send(
        "POST",
        "/form",
        f"csrf_token={csrf}&note=a+b".encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    parts = '--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nmine\r\n'
    parts += '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n\r\n--x--\r\n'
    browser.send("POST", "/upload", parts.encode(), {"Content-Type": "multipart/form-data; boundary=x"})
    browser.send("DELETE", f"/orders/{made}", headers=known)
    return browser


LABELS = [
    *("GET /", "POST /login", "GET /items", "POST /orders", "GET /orders/{id}", "POST /form"),
    *("POST /upload", "DELETE /orders/{id}"),
]


def test_a_recorded_journey_runs_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_shop() as shop:
        (tmp_path / "buy.har").write_text(json.dumps(buy(shop).har()))
        done = bench("record", "buy.har", "--out", "bench_scenarios.py", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, "bench_scenarios.py\n"), done.stderr
        text = (tmp_path / "bench_scenarios.py").read_text()
        assert [secret for secret in (PASSWORD, *shop.tokens) if secret in text + done.stderr] == []
        assert "BUY_PASSWORD" in done.stderr
        assert "1 static file" in done.stderr
        shop.tokens.clear()
        shop.uploads.clear()
        monkeypatch.setenv("BUY_PASSWORD", PASSWORD)
        (tmp_path / "a.txt").write_bytes(b"content")
        scenario = load(tmp_path / "bench_scenarios.py")["buy"]
        for _ in range(3):
            assert session(shop, scenario) == [(label, None) for label in LABELS]
        assert shop.uploads == {"title": b"mine", "file": b"content"}
        assert not any("Browser/1" in head for head in shop.seen[-3:])
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,I", "bench_scenarios.py"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


LINES = """\
curl 'https://shop.test/items?page=1' -H 'User-Agent: me' --frobnicate
curl https://shop.test/items -u ann:hunter2hunter2 --json '{"name": "a"}'
curl https://cdn.test/other
"""
SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "The shop"},
    "paths": {
        "/items": {
            "get": {"responses": {"200": {"content": {"application/json": {}}}}},
            "post": {"security": [{"bearer": []}]},
        }
    },
}


def test_curl_lines_come_from_standard_input_and_the_file_goes_to_standard_output(tmp_path: Path) -> None:
    done = bench_with(LINES, "record", "--name", "two-items", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "written.py").write_text(done.stdout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWO_ITEMS_AUTHORIZATION", "YTpi")
        (scenario,) = own(tmp_path / "written.py")
    assert scenario == "two-items"
    assert "hunter2" not in done.stdout + done.stderr
    for word in ("--frobnicate", "https://cdn.test", "user-agent", "no answers", "TWO_ITEMS_AUTHORIZATION"):
        assert word in done.stderr


def test_the_file_on_standard_output_is_not_masked(tmp_path: Path) -> None:
    """What looks like a secret in Python, such as `token=...`, is code there."""
    (tmp_path / "lines.txt").write_text("curl 'http://a.test/login?token=$T' -H 'X-Token: abc'")
    shown = bench_here("record", "lines.txt", cwd=tmp_path)
    written = bench_here("record", "lines.txt", "--out", "out.py", cwd=tmp_path)
    assert (shown.returncode, written.returncode) == (0, 0)
    assert shown.stdout == (tmp_path / "out.py").read_text()
    assert "***" not in shown.stdout
    ast.parse(shown.stdout)


def test_a_schema_becomes_a_scenario_for_each_operation(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(SCHEMA))
    done = bench_here("record", "openapi.json", "--out", "bench_scenarios.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "bench_scenarios.py\n"), done.stderr
    assert own(tmp_path / "bench_scenarios.py") == ("get-items",)
    assert "POST /items: it needs authentication (bearer)" in done.stderr


def test_a_static_file_and_another_host_may_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text(
        "curl http://a.test/a.css\ncurl http://b.test/x\ncurl http://b.test/y"
    )
    done = bench_here("record", "lines.txt", "--host", "a.test", "--static", "--out", "out.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "/a.css" in (tmp_path / "out.py").read_text()
    assert "2 requests to http://b.test" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("lines.txt", "--out", "there.py"), "there.py"),
        (("lines.txt", "--name", "My Name"), "--name"),
        (("lines.txt", "--host", "c.test"), "c.test"),
        (("nowhere.har",), "nowhere.har"),
        (("lines.txt", "--out", "there.py/x.py"), "cannot be written"),
        (("openapi.json", "--pauses"), "--pauses"),
        (("stubs.json",), "no operation"),
        (("http://example.com/openapi.json",), "this machine"),
    ],
)
def test_a_mistake_gets_a_sentence(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("curl http://a.test/")
    (tmp_path / "there.py").write_text("mine")
    (tmp_path / "openapi.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "stubs.json").write_text(json.dumps(SCHEMA | {"security": [{"bearer": []}]}))
    done = bench_here("record", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, word in done.stderr) == (2, "", True), done.stderr
    assert (tmp_path / "there.py").read_text() == "mine"


def test_what_a_recording_cannot_say_is_said(tmp_path: Path) -> None:
    with open_shop() as shop:
        browser = Browser(shop)
        browser.send("GET", "/orders/7")
        browser.send("GET", "/items")
        browser.entries[1]["response"]["headers"].append({"name": "Content-Encoding", "value": "gzip"})
        (tmp_path / "odd.har").write_text(json.dumps(browser.har()))
    done = bench_here("record", "odd.har", "--out", "out.py", cwd=tmp_path)
    assert done.returncode == 0
    assert "403" in done.stderr
    assert "gzip" in done.stderr
    assert f"--url {shop.origin} " in done.stderr


def bench_with(text: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with a text on its standard input."""
    command = [sys.executable, "-m", "fastapi_bench", *arguments]
    return subprocess.run(
        command, input=text, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )
