"""A server that keeps comments as GitHub and GitLab do, over a real socket."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench.on_thread import on_thread

LISTS = ("/repos/me/app/issues/12/comments", "/projects/7/merge_requests/3/notes")
ONE = {
    "PATCH": re.compile(r"/repos/me/app/issues/comments/(\d+)"),
    "PUT": re.compile(r"/projects/7/merge_requests/3/notes/(\d+)"),
}
TOKENS = {"Authorization": "Bearer secret", "PRIVATE-TOKEN": "secret"}
MOST_LETTERS = 65_536


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than the usual to requests of a method."""

    method: str
    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeForge(ThreadingHTTPServer):
    """Comments by their id, in the order in which they were written; `asked` lists the methods and paths."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: dict[int, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.refusal: Refusal | None = None
        self.page: bytes | None = None
        self.released = threading.Event()
        self.released.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def github(self, folder: Path, *, fork: bool = False, event: object = None) -> dict[str, str]:
        """The variables of a job for pull request 12 of me/app, the event's file and the summary in a folder."""
        head = {"sha": "0123456789abcdef", "repo": {"full_name": "you/app" if fork else "me/app"}}
        path = folder / "event.json"
        path.write_text(json.dumps(event or {"pull_request": {"number": 12, "head": head}}))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "me/app",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_STEP_SUMMARY": str(folder / "step-summary.md"),
            "GITHUB_RUN_ID": "99",
            "GITHUB_TOKEN": "secret",
        }

    def gitlab(self) -> dict[str, str]:
        """The variables of a job for merge request 3 of project 7."""
        return {
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_JOB_URL": "https://gitlab.example/me/app/-/jobs/5",
            "GITLAB_TOKEN": "secret",
        }


class _Handler(BaseHTTPRequestHandler):
    server: FakeForge

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self._is_refused():
            return
        if self.server.page is not None:
            self._send(200, self.server.page)
            return
        assert address.path in LISTS
        query = parse_qs(address.query)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        assert size <= 100  # a page of GitHub's holds no more
        kept = [{"id": key, "body": body} for key, body in self.server.comments.items()]
        self._answer(200, kept[size * (page - 1) : size * page])

    def do_POST(self) -> None:
        if not self._is_refused():
            assert self.path in LISTS
            self._keep(len(self.server.comments) + 1, 201)

    def do_PATCH(self) -> None:
        self._change()

    def do_PUT(self) -> None:
        self._change()

    def _change(self) -> None:
        if not self._is_refused():
            found = ONE[self.command].fullmatch(self.path)
            assert found, self.path
            assert int(found[1]) in self.server.comments
            self._keep(int(found[1]), 200)

    def _is_refused(self) -> bool:
        """Whether the request has its answer already, or never gets one."""
        self.server.asked.append((self.command, self.path))
        if not self.server.released.is_set():
            self.server.released.wait(20)
            return True
        refusal = self.server.refusal
        if refusal and refusal.method == self.command:
            self._answer(refusal.status, {"message": refusal.message}, refusal.headers)
            return True
        if not any(self.headers[name] == token for name, token in TOKENS.items()):
            self._answer(401, {"message": "Bad credentials"})
            return True
        return False

    def _keep(self, key: int, status: int) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        if len(body) > MOST_LETTERS:
            return self._answer(422, {"message": "Body is too long"})
        self.server.comments[key] = body
        return self._answer(status, {"id": key})

    def _answer(self, status: int, document: Any, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(document).encode(), headers)

    def _send(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[FakeForge]:
    """A forge that answers as long as the block lasts."""
    with on_thread(FakeForge()) as forge:
        try:
            yield forge
        finally:
            forge.released.set()
