"""The comment under a pull request, against a server that keeps comments as GitHub and GitLab do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "comment.py"
MARK = "<!-- fastapi-bench: performance -->\n"

LISTS = ("/repos/me/app/issues/12/comments", "/projects/7/merge_requests/3/notes")
ONE = {
    "PATCH": re.compile(r"/repos/me/app/issues/comments/(\d+)"),
    "PUT": re.compile(r"/projects/7/merge_requests/3/notes/(\d+)"),
}
TOKENS = {"Authorization": "Bearer secret", "PRIVATE-TOKEN": "secret"}


class Host(ThreadingHTTPServer):
    """Comments by their id, in the order in which they were written."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: dict[int, str] = {}
        self.writable = True

    @property
    def env(self) -> dict[str, str]:
        return {"GITHUB_API_URL": self.url, "CI_API_V4_URL": self.url}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        assert address.path in LISTS
        asked = parse_qs(address.query)
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        found = [{"id": key, "body": body} for key, body in self.server.comments.items()]
        self._answer(200, found[size * (page - 1) : size * page])

    def do_POST(self) -> None:
        assert self.path in LISTS
        self._keep(len(self.server.comments) + 1, 201)

    def do_PATCH(self) -> None:
        self._change()

    def do_PUT(self) -> None:
        self._change()

    def _change(self) -> None:
        found = ONE[self.command].fullmatch(self.path)
        assert found, self.path
        self._keep(int(found[1]), 200)

    def _keep(self, key: int, status: int) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        known = any(self.headers[name] == token for name, token in TOKENS.items())
        if not (self.server.writable and known):
            return self._answer(403, {"message": "Resource not accessible by integration"})
        self.server.comments[key] = body
        return self._answer(status, {"id": key})

    def _answer(self, status: int, said: Any) -> None:
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield serving
        finally:
            serving.shutdown()
            thread.join()


GITHUB = {"GITHUB_TOKEN": "secret", "GITHUB_REPOSITORY": "me/app", "PULL_REQUEST": "12"}
GITLAB = {"GITLAB_TOKEN": "secret", "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3"}
both = pytest.mark.parametrize("job", [pytest.param(GITHUB, id="GitHub"), pytest.param(GITLAB, id="GitLab")])


def say(folder: Path, text: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "summary.md").write_text(text, encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "CI_"))}
    return subprocess.run(
        [sys.executable, str(SCRIPT), "summary.md"],
        cwd=folder,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@both
def test_the_first_is_written_and_the_next_takes_its_place(
    host: Host, tmp_path: Path, job: dict[str, str]
) -> None:
    host.comments = {1: "a person's words about # slow"}
    first = say(tmp_path, "# 🔴 slow", {**host.env, **job})
    after = dict(host.comments)
    second = say(tmp_path, "# ⚪ well", {**host.env, **job})
    assert (first.stdout, second.stdout) == ("comment written\n", "comment updated\n"), first.stderr
    assert after == {1: "a person's words about # slow", 2: f"{MARK}# 🔴 slow"}
    assert host.comments == {1: "a person's words about # slow", 2: f"{MARK}# ⚪ well"}


@both
def test_ours_is_found_behind_a_hundred_others(host: Host, tmp_path: Path, job: dict[str, str]) -> None:
    host.comments = {**dict.fromkeys(range(1, 101), "words"), 101: f"{MARK}old"}
    say(tmp_path, "new", {**host.env, **job})
    assert (len(host.comments), host.comments[101]) == (101, f"{MARK}new")


def test_a_text_that_is_too_long_ends_with_a_whole_line_and_says_so(host: Host, tmp_path: Path) -> None:
    say(tmp_path, "x" * 99 + "\n" + ("ä" * 99 + "\n") * 999, {**host.env, **GITHUB})
    lines = host.comments[1].splitlines()
    assert len(host.comments[1]) < 65_536
    assert lines[-1] == "This is cut off: the whole is among the job's artefacts."
    assert set(lines[2:-2]) == {"ä" * 99}


def test_a_token_that_may_not_write_gives_a_sentence_and_1(host: Host, tmp_path: Path) -> None:
    host.writable = False
    done = say(tmp_path, "words", {**host.env, **GITHUB})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("comment: 403 Forbidden for http://127.0.0.1:")
    assert "Resource not accessible by integration" in done.stderr


@pytest.mark.parametrize(
    ("env", "said"),
    [
        pytest.param({}, "comment: the variable CI_API_V4_URL is not set\n", id="no job"),
        pytest.param(
            {**GITHUB, "GITHUB_API_URL": "http://127.0.0.1:1"}, "Connection refused", id="nobody answers"
        ),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path, env: dict[str, str], said: str) -> None:
    done = say(tmp_path, "words", env)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
