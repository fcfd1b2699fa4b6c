"""Exchanges: requests as somebody recorded them, with their answers where these are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from bench.errors import UsageError

METHOD = re.compile(r"(?!CONNECT$)[A-Z][A-Z-]{0,30}")
"""The methods of requests that can be sent again."""
KEPT_IN_URLS = "!#$%&'()*+,/:;=?@[]~"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """A part of a multipart form: its content, or the path of the file that holds it."""

    name: str
    content: bytes = b""
    file_name: str = ""
    content_type: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A recorded answer; its body is empty where the recording does not hold it."""

    status: int
    headers: Pairs = ()
    body: bytes = b""

    @property
    def content_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return plain_type(find(self.headers, "content-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A recorded request: its body are bytes, the parts of a form, or the file at `body_path`.

    `where` says where in the recording it stands, such as `entry 3`. Times are in seconds since the epoch.
    """

    where: str
    method: str
    url: SplitResult
    headers: Pairs = ()
    body: bytes = b""
    parts: tuple[FormPart, ...] = ()
    body_path: str = ""
    answer: Answer | None = None
    began_s: float | None = None
    took_s: float = 0.0

    @property
    def origin(self) -> str:
        """The origin, such as `https://shop.example.com`; a port only where it is not the scheme's own."""
        usual = {"http": 80, "https": 443}[self.url.scheme]
        port = "" if self.url.port in (None, usual) else f":{self.url.port}"
        return f"{self.url.scheme}://{_bracketed(self.url.hostname or '')}{port}"

    @property
    def content_type(self) -> str:
        """The content type of its body, as it was sent."""
        return find(self.headers, "content-type")

    @property
    def short(self) -> str:
        """The method and the path, without the query, in which secrets may stand."""
        return f"{self.method} {self.url.path or '/'}"


@dataclass(frozen=True, slots=True)
class Omission:
    """Something of a recording that does not become part of the scenario, and the reason."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The exchanges of a recording in their order, and what was left out as it was read."""

    kind: str
    exchanges: tuple[Exchange, ...]
    left_out: tuple[Omission, ...] = ()
    remarks: tuple[str, ...] = ()


def parse_url(text: str) -> SplitResult:
    """The parts of an absolute URL of HTTP, without its fragment, in ASCII. Raises UsageError for any other."""
    try:
        url = urlsplit(quote(text.strip(), safe=KEPT_IN_URLS, errors="surrogateescape"))._replace(fragment="")
        port_is_right = url.port is None or url.port > 0
    except ValueError as error:
        raise UsageError(f"it has a URL that cannot be read: {error}") from None
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_right:
        raise UsageError(f"its URL is not one of HTTP: {url.scheme or 'without a scheme'}:")
    return url


def find(headers: Sequence[tuple[str, str]], name: str) -> str:
    """The first value of a header, whose name is given in lower case; empty where it is not there."""
    return next(all_of(headers, name), "")


def all_of(headers: Sequence[tuple[str, str]], name: str) -> Iterator[str]:
    """All values of a header, whose name is given in lower case."""
    return (value for key, value in headers if key.lower() == name)


def plain_type(content_type: str) -> str:
    """A content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
