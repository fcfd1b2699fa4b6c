"""Puts a text under a pull request (GitHub) or a merge request (GitLab), in place of what it put there before.

    GITHUB_TOKEN=... PULL_REQUEST=12 python .ci/comment.py reports/ci/summary.md
    GITLAB_TOKEN=... python .ci/comment.py reports/ci/summary.md

The rest comes from variables that jobs have anyway: GITHUB_API_URL and GITHUB_REPOSITORY, or CI_API_V4_URL,
CI_PROJECT_ID and CI_MERGE_REQUEST_IID. Needs the standard library only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

MARK = "<!-- fastapi-bench: performance -->"
MOST = 60_000
"""Letters; GitHub takes 65,536."""

PAGE = 100
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Thread:
    """The comments of one request: where they are listed, where each is changed and how, and who asks."""

    comments: str
    one: str
    change: str
    headers: Mapping[str, str]

    def ask(self, method: str, url: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        with urlopen(Request(url, data, headers, method=method), timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def all(self) -> Iterator[dict[str, Any]]:
        page = 1
        while found := self.ask("GET", f"{self.comments}?per_page={PAGE}&page={page}"):
            yield from found
            page += 1

    def put(self, text: str) -> str:
        """Change our comment, or write a first one; says which."""
        ours = next((one["id"] for one in self.all() if one["body"].startswith(MARK)), None)
        if ours is None:
            self.ask("POST", self.comments, {"body": text})
            return "written"
        self.ask(self.change, f"{self.one}/{ours}", {"body": text})
        return "updated"


def thread(env: Mapping[str, str]) -> Thread:
    """The thread that the environment names. Raises KeyError with the variable that is missing."""
    if "GITHUB_TOKEN" in env:
        issues = f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}/issues"
        headers = {
            "Authorization": f"Bearer {env['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
        }
        return Thread(f"{issues}/{env['PULL_REQUEST']}/comments", f"{issues}/comments", "PATCH", headers)
    notes = (
        f"{env['CI_API_V4_URL']}/projects/{quote(env['CI_PROJECT_ID'], safe='')}"
        f"/merge_requests/{env['CI_MERGE_REQUEST_IID']}/notes"
    )
    return Thread(notes, notes, "PUT", {"PRIVATE-TOKEN": env["GITLAB_TOKEN"]})


def marked(text: str) -> str:
    """The text as a comment that is found again, and short enough."""
    whole = f"{MARK}\n{text}"
    if len(whole) <= MOST:
        return whole
    kept = whole[:MOST].rpartition("\n")[0]
    return f"{kept}\n\nThis is cut off: the whole is among the job's artefacts.\n"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: comment.py FILE")
    try:
        text = marked(Path(sys.argv[1]).read_text(encoding="utf-8"))
        print(f"comment {thread(os.environ).put(text)}")
    except KeyError as missing:
        sys.exit(f"comment: the variable {missing.args[0]} is not set")
    except HTTPError as error:
        sys.exit(
            f"comment: {error.code} {error.reason} for {error.url}: {error.read(500).decode(errors='replace')}"
        )
    except (URLError, OSError) as error:
        sys.exit(f"comment: {error}")


if __name__ == "__main__":
    main()
