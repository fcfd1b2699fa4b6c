"""Routers that are left at once by a request for others, a table of all endpoints, and paths below a proxy's prefix."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.convertors import Convertor
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

_APP = "target_app.endpoint"
_TRACED = "fastapi.telemetry"


class Router(APIRouter):
    """Looks at its prefix before it tries its routes one by one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self.prefix not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)


class _Endpoint(NamedTuple):
    """An endpoint as the table keeps it; `regex` and `convertors` read the parameters of its path."""

    route: BaseRoute
    call: Callable[..., Any]
    app: ASGIApp
    regex: re.Pattern[str]
    convertors: dict[str, Convertor[Any]]

    def chosen(self, parameters: dict[str, Any]) -> Scope:
        return {"route": self.route, "endpoint": self.call, "path_params": parameters, _APP: self.app}


class EndpointTable(BaseRoute):
    """Finds an endpoint by its path, where FastAPI tries all routers in turn, and the right one twice.

    An endpoint of the last router would else seem dearer than the same one in the first, by 9 calls for each between
    them. The table holds the paths that are fixed, and those that end in their only parameter. All others, methods that
    a path does not have and requests that FastAPI traces take the usual way. What answers GET answers HEAD as well;
    that such an answer has no body is the server's business.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._fixed: dict[tuple[str, str], _Endpoint] = {}
        self._open: dict[tuple[str, str], list[_Endpoint]] = {}
        found = list(_endpoints(routes))
        heads = [("HEAD", path, endpoint) for method, path, endpoint in found if method == "GET"]
        for method, path, endpoint in found + heads:
            head, _, parameter = path.partition("{")
            if not parameter:
                self._fixed.setdefault((method, path), endpoint)
            elif head.endswith("/") and parameter.find("}") == len(parameter) - 1 and ":" not in parameter:
                self._open.setdefault((method, head), []).append(endpoint)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or (_TRACED in scope and scope["method"] != "HEAD"):
            return Match.NONE, {}
        method, path = scope["method"], route_path(scope)
        endpoint = self._fixed.get((method, path))
        if endpoint is not None:
            return Match.FULL, endpoint.chosen({})
        for endpoint in self._open.get((method, path[: path.rfind("/") + 1]), ()):
            found = endpoint.regex.match(path)
            if found:
                texts = found.groupdict()
                values = {name: endpoint.convertors[name].convert(text) for name, text in texts.items()}
                return Match.FULL, endpoint.chosen(values)
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = scope[_APP]
        await app(scope, receive, send)


def _endpoints(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str, _Endpoint]]:
    """Each method and path with its endpoint, in the order in which FastAPI tries them."""
    for one in iter_route_contexts(routes):
        if isinstance(one.original_route, APIRoute) and one.endpoint and one.path:
            endpoint = _Endpoint(
                one.original_route, one.endpoint, one.app, one.path_regex, one.param_convertors
            )
            for method in one.methods or ():
                yield method, one.path, endpoint


def install(app: FastAPI) -> None:
    """Put the table of the endpoints that the app has by now before its routers."""
    app.router.routes.insert(0, EndpointTable(app.routes))


def route_path(scope: Scope) -> str:
    """The path that routes are matched with: without the prefix at which a proxy serves the app."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def from_root(scope: Scope, path: str) -> str:
    """A path of ours as clients see it: below that prefix."""
    return f"{scope.get('root_path', '')}{path}"
