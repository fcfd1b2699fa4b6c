"""Secrets in every place where a user may have one, and a search for them in everything that a run leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench.measure.store import RunFolder
from bench.model.plan import Setup
from tests.bench.builders import facts, record
from tests.bench.program import bench, bench_here

PLACES = ("env", "url", "arg", "option", "header", "bearer", "inherited", "service", "echoed")
CANARIES = {name: f"canary{name}Q7" for name in PLACES}

SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        if self.path == "/die":
            print(os.environ, sys.argv, os.environ["DATABASE_URL"], file=sys.stderr)
            print("password is", os.environ["SHOP_PASSWORD"], file=sys.stderr, flush=True)
            os._exit(3)
        body = f"hello {dict(self.headers)} {os.environ['SHOP_PASSWORD']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

APP = """
import os, sys

print(os.environ, sys.argv, file=sys.stderr)
raise SystemExit(f"no connection with {os.environ['SHOP_PASSWORD']!r}")
"""

SETUPS = f"""
[open]
about = "a server that shows too much, of redis://:{CANARIES["url"]}@cache/0"
server = "command"
command = ["python", "server.py", "{{port}}", "--token", "{CANARIES["arg"]}", "--api-key={CANARIES["option"]}"]
health = "/"

[open.env]
SHOP_PASSWORD = "{CANARIES["env"]}"
DATABASE_URL = "postgresql://shop:{CANARIES["url"]}@127.0.0.1:1/shop"
MONKEY = "harmless"

[dying]
extends = "open"
server = "uvicorn"
app = "dying:app"
args = ["--header", "X-Api-Key:{CANARIES["option"]}"]

[leaving]
extends = "open"

[served]
extends = "open"
services = ["postgres"]
"""

SCENARIOS = f"""
from scenarios.model import Request, Scenario, contains

HEADERS = (
    ("X-Api-Key", "{CANARIES["header"]}"),
    ("Authorization", "Bearer {CANARIES["bearer"]}"),
    ("Cookie", "session={CANARIES["echoed"]}"),
)

def front(rng):
    yield Request("GET", "/", headers=HEADERS, check=contains(b"hello"))

def echo(rng):
    yield Request("GET", "/echo", headers=HEADERS, expect=201)

def die(rng):
    yield Request("GET", "/die", headers=HEADERS)

def refuse(rng):
    yield Request("GET", "/", headers=(("X-Api-Key", "{CANARIES["header"]}\\n"),))

SCENARIOS = {{
    name: Scenario(name, flow)
    for name, flow in {{"front-page": front, "echo": echo, "die": die, "refuse": refuse}}.items()
}}
"""

PLANS = """
[canary]
minutes = 0.05
users = [2]
[[canary.blocks]]
setups = ["open"]
scenarios = ["front-page", "echo", "refuse"]
[[canary.blocks]]
setups = ["leaving"]
scenarios = ["die"]
[[canary.blocks]]
setups = ["dying", "served"]
scenarios = ["front-page"]
"""

MINE = ("--setups", "setups.toml", "--scenarios", "mine.py", "--plans", "plans.toml")


def leaks(text: str) -> list[str]:
    return [name for name, canary in CANARIES.items() if canary in text]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "server.py": SERVER,
        "dying.py": APP,
        "setups.toml": SETUPS,
        "mine.py": SCENARIOS,
        "plans.toml": PLANS,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("SHOP_API_TOKEN", CANARIES["inherited"])
    monkeypatch.setenv("APP_SECRET", CANARIES["inherited"])
    monkeypatch.setenv("DATABASE_URL", f"postgresql://shop:{CANARIES['service']}@127.0.0.1:1/shop")
    return tmp_path


def test_no_secret_leaves_a_run(folder: Path) -> None:
    done = bench("run", "canary", *MINE, "--out", "run", cwd=folder)
    assert done.returncode == 1, done.stderr
    said = {"stdout": done.stdout, "stderr": done.stderr}
    files = [file for file in (folder / "run").rglob("*") if file.is_file()]
    said |= {file.name: file.read_bytes().decode("utf-8", "replace") for file in files}
    assert {
        "run.json",
        "records.jsonl",
        "failures.jsonl",
        "report.md",
        "report.html",
        "results.json",
    } <= said.keys()
    assert {name: leaks(text) for name, text in said.items() if leaks(text)} == {}
    _check_that_secrets_were_near(folder / "run")


def _check_that_secrets_were_near(run: Path) -> None:
    """The places that would leak are there, with masks in the place of what they would leak."""
    failures = [json.loads(line) for line in (run / "failures.jsonl").read_text().splitlines()]
    errors = {(one["setup"], one["scenario"]): one["error"] for one in failures}
    assert "'SHOP_PASSWORD': '***'" in errors["dying", None]
    assert "no connection with '***'" in errors["dying", None]
    assert "DATABASE_URL" in errors["served", None]
    assert re.search(r"hello \{.*'X-Api-Key': '\*\*\*'.*\} \*\*\*", errors["open", "echo"])
    died = next(error for error in errors.values() if "status 3" in error)
    assert "'MONKEY': 'harmless'" in died
    assert "password is ***" in died
    assert "postgresql://shop:***@127.0.0.1:1/shop" in died
    setup = json.loads((run / "run.json").read_text())["plan"]["setups"]["open"]
    assert setup["command"][2:] == ["{port}", "--token", "***", "--api-key=***"]
    assert setup["env"]["MONKEY"] == "harmless"


def test_nor_any_other_command(folder: Path) -> None:
    listed = bench_here("list", "setups", *MINE[:2], cwd=folder)
    assert "redis://:***@cache/0" in listed.stdout
    (folder / "setups.toml").write_text(re.sub('(SHOP_PASSWORD = )(".*")', r"\1[\2]", SETUPS))
    refused = bench_here("list", "setups", *MINE[:2], cwd=folder)
    assert refused.returncode == 2
    assert "SHOP_PASSWORD" in refused.stderr
    for done in (listed, refused):
        assert leaks(done.stdout + done.stderr) == []


def test_a_run_of_before_is_masked_when_it_is_read(folder: Path) -> None:
    old = RunFolder(folder / "old", facts(Setup("uvicorn", "uvicorn")))
    old.add(record())
    told = json.loads((folder / "old" / "run.json").read_text())
    told["plan"]["setups"]["uvicorn"]["env"] = {"SHOP_PASSWORD": CANARIES["env"]}
    (folder / "old" / "run.json").write_text(json.dumps(told))
    formats = ("csv", "openmetrics", "bencher", "pytest-benchmark")
    for command in (("report", "old"), *(("export", "old", "--to", form) for form in formats)):
        done = bench_here(*command, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert leaks(done.stdout + done.stderr) == []
    assert (folder / "old" / "report.md").exists()
    assert (
        leaks((folder / "old" / "report.md").read_text() + (folder / "old" / "report.html").read_text()) == []
    )
