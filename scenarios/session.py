"""A session's cookies: kept from answer to answer as a browser keeps them, whoever drives the flow."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from scenarios.mistakes import ScenarioError, not_a_flow

if TYPE_CHECKING:
    from scenarios.model import Request, Response

S = TypeVar("S")
T = TypeVar("T")

_HEADS_KEPT = 256
_REQUESTS_KEPT = 256
_SET_COOKIE = re.compile(rb"\nset-cookie[ \t]*:", re.IGNORECASE)


class _Cookie(NamedTuple):
    name: str
    value: str
    path: str
    is_gone: bool


class Jar:
    """The cookies of one user, by RFC 6265, for the one server that is loaded.

    Domain and Secure are not looked at: all requests go to one server, which often stands behind a proxy that speaks
    TLS for it. `prefix` goes before each path on its way to the server.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._values: dict[tuple[str, str], str] = {}
        self._prepared: dict[Request, Request] = {}

    def copy(self) -> Jar:
        """A jar that holds the same cookies, and whose later ones are its own."""
        other = Jar(self._prefix)
        other._values = dict(self._values)
        other._prepared = self._prepared  # until one of them is given another cookie
        return other

    @property
    def is_empty(self) -> bool:
        return not self._values

    def keep(self, request: Request, response: Response) -> None:
        """Take the cookies that the answer to a request sets, and drop those that it deletes."""
        for cookie in _cookies(response, self._path(request)):
            key, value = (cookie.path, cookie.name), None if cookie.is_gone else cookie.value
            if value == self._values.get(key):
                continue
            self._prepared = {}
            if value is None:
                del self._values[key]
            else:
                self._values[key] = value

    def prepare(self, step: S) -> S:
        """The request with its cookies; one that has a Cookie line of its own stays as it is, and so does a pause."""
        if not self._values:
            return step
        request: Any = step
        try:
            prepared: Any = self._prepared.get(request)
            if prepared is None:  # else the same object as before: drivers know a request by that
                if len(self._prepared) >= _REQUESTS_KEPT:
                    self._prepared.clear()
                prepared = self._prepared[request] = self._with_cookies(request)
        except (AttributeError, TypeError):  # a pause, or what cannot be sent: the driver names that
            return step
        return cast("S", prepared)

    def _with_cookies(self, request: Request) -> Request:
        asked = self._path(request)
        values = [(path, f"{name}={value}") for (path, name), value in self._values.items()]
        pairs = [pair for pair in values if _covers(pair[0], asked)]
        if not pairs or any(name.lower() == "cookie" for name, _ in request.headers):
            return request
        pairs.sort(key=lambda pair: -len(pair[0]))  # stable: among equals, in the order they were set
        line = ("Cookie", "; ".join(value for _, value in pairs))
        return request._replace(headers=(*request.headers, line))

    def _path(self, request: Request) -> str:
        return self._prefix + request.path.partition("?")[0]


def begin(
    flow: Generator[S, Response, T], jar: Jar | None = None, *, prefix: str = ""
) -> Generator[S, Response, T]:
    """The same flow with a cookie jar: one of its own, for paths below `prefix`, or one that is given.

    Where no cookie is set, the requests are the flow's own objects. Pauses pass as they are.
    """
    try:
        request: Any = next(flow)
    except StopIteration as end:
        result: T = end.value
        return result
    except TypeError:
        if hasattr(flow, "send"):
            raise
        raise ScenarioError(not_a_flow(flow)) from None
    try:
        while True:
            if jar is not None:
                request = jar.prepare(request)
            response = yield request
            if response is not None and _sets_cookies(response.head):  # after a pause there is none
                jar = jar or Jar(prefix)
                jar.keep(request, response)
            request = flow.send(response)
    except StopIteration as end:
        result = end.value
        return result
    finally:
        flow.close()


@lru_cache(_HEADS_KEPT)
def _sets_cookies(head: bytes) -> bool:
    return _SET_COOKIE.search(head) is not None


def _cookies(response: Response, asked: str) -> Iterator[_Cookie]:
    """The cookies that an answer sets, in the order of its lines; `asked` is the path of the request."""
    for line in response.header_values("set-cookie"):
        pair, *rest = line.split(";")
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            continue
        attributes = {
            key.strip().lower(): text.strip() for key, _, text in (one.partition("=") for one in rest)
        }
        path = attributes.get("path", "")
        if not path.startswith("/"):
            path = asked.rpartition("/")[0] or "/"
        yield _Cookie(name.strip(), value.strip(), path, _is_gone(attributes))


def _is_gone(attributes: dict[str, str]) -> bool:
    """Whether a cookie's time is over as it comes, which is how a server deletes it; Max-Age goes before Expires."""
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal():
        return age.startswith("-") or not age.strip("0")
    try:
        return parsedate_to_datetime(attributes.get("expires", "")).timestamp() <= time.time()
    except (TypeError, ValueError, OverflowError):  # none, or no date
        return False


def _covers(path: str, asked: str) -> bool:
    return asked == path or asked.startswith(path if path.endswith("/") else f"{path}/")
