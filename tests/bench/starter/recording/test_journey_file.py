"""The file of a journey, as Python, its formatter and its linter read it."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bench.starter.recording.exchanges import FormPart
from bench.starter.recording.journey import make_journey
from bench.starter.recording.journey_file import render_journey
from scenarios.files import ScenarioFileError, load
from scenarios.single import Always
from tests.bench.starter.recording.built import exchange, flow_of_journey, requests_of

FORM = replace(
    exchange("POST", "/upload"),
    headers=(("Content-Type", "multipart/form-data; boundary=x"),),
    parts=(
        FormPart(name='a"b', content="ü\n".encode()),
        FormPart(name="f", file_name="p.bin", content=b"\x00\xff"),
    ),
)
EXCHANGES = [
    exchange("GET", "/", answered=b"<p>", answer_headers=[("Content-Type", "text/html")]),
    exchange(
        "POST",
        "/login",
        {"user": "ann", "password": "hunter2!"},
        answered={"token": "t0ken-t0ken", "id": "1d-1d-1d"},
    ),
    exchange("GET", "/me", headers={"Authorization": "Bearer t0ken-t0ken", "X-User": "1d-1d-1d", "X-A": "b"}),
    exchange("PUT", "/notes/1d-1d-1d", {"text": "x" * 90, "tags": [{"a": 1}, {"b": ["c" * 40, "d" * 40]}]}),
    exchange("POST", "/search", body=b"q=a+b&q=c", kind="application/x-www-form-urlencoded"),
    FORM,
]


def ruff(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", *arguments, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("pauses", [False, True])
def test_the_text_is_formatted_and_has_what_it_needs_and_no_more(pauses: bool) -> None:
    timed = [replace(each, began_s=number * 2.0) for number, each in enumerate(EXCHANGES)]
    text = render_journey(make_journey("shop", timed), "From a test.", "A test.", pauses)
    assert ruff(text, "format", "--isolated").stdout == text
    checked = ruff(text, "check", "--isolated", "--select", "F,I,UP,B,SIM,RET")
    assert checked.returncode == 0, checked.stdout
    assert ("yield Pause(2)" in text, "# 2 s later" in text) == (pauses, not pauses)


def test_a_form_with_files_is_sent_whole(tmp_path: Path) -> None:
    (request,) = requests_of(flow_of_journey(make_journey("shop", [FORM]), tmp_path))
    mark = dict(request.headers)["Content-Type"].partition("boundary=")[2].encode()
    assert request.body == (
        b"--" + mark + b'\r\nContent-Disposition: form-data; name="a%22b"\r\n\r\n' + "ü\n".encode() + b"\r\n"
        b"--" + mark + b'\r\nContent-Disposition: form-data; name="f"; filename="p.bin"\r\n\r\n\x00\xff\r\n'
        b"--" + mark + b"--\r\n"
    )


def test_one_request_that_never_varies_costs_the_generator_the_least(tmp_path: Path) -> None:
    path = tmp_path / "written.py"
    path.write_text(render_journey(make_journey("shop", EXCHANGES[:1]), "x", "x"))
    assert isinstance(load(path)["shop"].flow, Always)


def test_a_secret_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    with pytest.raises(ScenarioFileError, match="SHOP_PASSWORD"):
        flow_of_journey(make_journey("shop", EXCHANGES), tmp_path)


@pytest.mark.parametrize("name", ["json", "7-days", "class", "request-2", "scenario", "quote"])
def test_any_name_becomes_a_function(name: str, tmp_path: Path) -> None:
    text = render_journey(make_journey(name, EXCHANGES[:1] + EXCHANGES[3:5]), "x", "x")
    ast.parse(text)
    path = tmp_path / "written.py"
    path.write_text(text)
    scenario = load(path)[name]
    assert (scenario.group, len(list(requests_of(scenario.flow(Random(0)))))) == (
        name,
        3,
    )
