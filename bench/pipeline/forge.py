"""The comments of a pull request (GitHub) or a merge request (GitLab), over their REST APIs.

https://docs.github.com/en/rest/issues/comments and https://docs.gitlab.com/api/notes
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from http.client import HTTPException
from typing import Any, Literal
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bench.errors import BenchError

_PAGE = 100
_TIMEOUT_S = 30.0
_UNREADABLE = "its answer is no JSON; is this the address of its API?"


class ForgeError(BenchError):
    """GitHub or GitLab did not take the comment; the message says why, and what to do."""


class WriteRefusedError(ForgeError):
    """The token is known, but may not write comments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """What a person can do about a refusal; one sentence for each kind."""

    token: str
    permission: str
    place: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The comments of one request: where they are listed and written, and where and how each is changed.

    `read_only` says that its token is known to have no right to write, as in a pull request from a fork.
    """

    forge: Literal["GitHub", "GitLab"]
    comments: str
    one: str
    change: Literal["PATCH", "PUT"]
    headers: Mapping[str, str]
    way_out: WayOut
    read_only: bool = False
    timeout_s: float = _TIMEOUT_S

    def put(self, text: str, mark: str) -> Literal["written", "updated"]:
        """Change the comment that begins with `mark`, or write a first one.

        Raises WriteRefusedError where the token may not write, ForgeError for any other trouble.
        """
        ours = next((one["id"] for one in self._list() if str(one["body"]).startswith(mark)), None)
        if ours is None:
            self._ask("POST", self.comments, {"body": text})
            return "written"
        self._ask(self.change, f"{self.one}/{ours}", {"body": text})
        return "updated"

    def _list(self) -> Iterator[dict[str, Any]]:
        """Every comment, page by page; a page without any is the end."""
        page = 1
        while found := self._ask("GET", f"{self.comments}?per_page={_PAGE}&page={page}"):
            if not isinstance(found, list) or not all(map(_is_comment, found)):
                raise ForgeError(f"{self.forge}: {self.comments}: {_UNREADABLE} {self.way_out.address}")
            yield from found
            page += 1

    def _ask(self, method: str, url: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, {"Content-Type": "application/json"}, method=method)
        for name, value in self.headers.items():
            request.add_unredirected_header(name, value)  # a token goes to the host that it belongs to
        try:
            with urlopen(request, timeout=self.timeout_s) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise self._explain(error, method) from None
        except TimeoutError:
            raise ForgeError(self._silence(url)) from None
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise ForgeError(self._silence(url)) from None
            raise ForgeError(
                f"{self.forge} cannot be reached at {url}: {error.reason}; {self.way_out.address}"
            ) from None
        except ValueError:
            raise ForgeError(f"{self.forge}: {url}: {_UNREADABLE} {self.way_out.address}") from None
        except (OSError, HTTPException) as error:
            raise ForgeError(
                f"{self.forge}: {url}: the connection broke: {error}; run the step again"
            ) from None

    def _silence(self, url: str) -> str:
        return f"{self.forge} gave no answer within {self.timeout_s:g} s: {url}; run the step again"

    def _explain(self, error: HTTPError, method: str) -> ForgeError:
        """The sentence for a status that is no success."""
        said = f"{self.forge} answered {error.code} ({_message(error)})"
        if error.code == 429 or (error.code == 403 and _is_limited(error.headers)):
            return ForgeError(
                f"{said}: the rate limit is used up{_until(error.headers)}; run the step again then"
            )
        if error.code == 401:
            return ForgeError(f"{said}: {self.way_out.token}")
        if error.code == 403:
            kind = ForgeError if method == "GET" else WriteRefusedError
            return kind(f"{said}: {self.way_out.permission}")
        if error.code in (404, 410):
            return ForgeError(f"{said}: {self.way_out.place}")
        if error.code >= 500:
            return ForgeError(f"{said}: it is in trouble; run the step again")
        return ForgeError(f"{said} to {method} {error.url}")


def _is_comment(one: object) -> bool:
    return isinstance(one, dict) and {"id", "body"} <= one.keys()


def _is_limited(headers: Message) -> bool:
    return headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers


def _until(headers: Message) -> str:
    """` until 12:05:00 UTC`, or ` for 60 s`; nothing where the answer does not say."""
    wait, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if wait.isdecimal():
        return f" for {wait} s"
    if reset.isdecimal():
        return f" until {datetime.fromtimestamp(int(reset), UTC):%H:%M:%S} UTC"
    return ""


def _message(error: HTTPError) -> str:
    """The reason that the answer gives in its body, else that of its status line."""
    try:
        said = json.loads(error.read(10_000))
        return str(said.get("message") or said.get("error") or error.reason)
    except (ValueError, AttributeError, OSError):
        return str(error.reason)
