"""The OpenAPI schemas and the routes of an app, read inside the service's interpreter.

Standard library only, Python 3.9 and later. An app of a framework that is not known here is asked for its schema by
a call in this process, without a lifespan.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import sys
from typing import Any

FRAMEWORKS = (
    "fastapi",
    "starlette",
    "litestar",
    "quart",
    "flask",
    "django",
    "falcon",
    "blacksheep",
    "bottle",
    "pyramid",
)
_WRAPPED = ("app", "other_asgi_app", "application", "wrapped", "_app", "wsgi_app")
_MOST_WRAPPERS = 8
_SCHEMA_PATHS = ("/openapi.json", "/api/openapi.json", "/schema/openapi.json")
_ANSWER_WITHIN_S = 5.0
_KINDS = {
    "IntegerConvertor": "integer",
    "FloatConvertor": "number",
    "UUIDConvertor": "uuid",
    "IntegerConverter": "integer",
    "IntConverter": "integer",
    "FloatConverter": "number",
    "UUIDConverter": "uuid",
}
_DJANGO_CONVERTERS = ("int", "str", "slug", "uuid", "path")


def framework_of(app: Any) -> str:
    """The framework whose class, or a class derived from it, the app is of; empty for none that is known."""
    roots = [each.__module__.partition(".")[0] for each in type(app).__mro__]
    return next((name for name in FRAMEWORKS if name in roots), "")


def unwrap(app: Any) -> Any:
    """The app of a known framework inside of middleware, else the app as it is."""
    inner = app
    for _ in range(_MOST_WRAPPERS):
        if _holds_routes(inner):
            return inner
        held = [getattr(inner, name, None) for name in _WRAPPED]
        inner = next((each for each in held if callable(each)), None)
        if inner is None:
            break
    return app


def contents(app: Any, interface: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The OpenAPI schemas, each with the prefix that it is mounted at, and all routes."""
    inner = unwrap(app)
    schemas: list[dict[str, Any]] = []
    routes: list[dict[str, Any]] = []
    framework = framework_of(inner)
    if framework in ("fastapi", "starlette"):
        _walk(inner, "", schemas, routes)
    elif framework == "litestar":
        with contextlib.suppress(Exception):
            schemas.append({"prefix": "", "schema": inner.openapi_schema.to_schema()})
    elif framework in ("flask", "quart"):
        routes += [route for rule in inner.url_map.iter_rules() for route in _rule(rule)]
    elif framework == "django":
        with contextlib.suppress(Exception):
            routes += _django(importlib.import_module("django.urls").get_resolver().url_patterns, "/")
    return schemas or _asked_schemas(app, interface), routes


def _holds_routes(app: Any) -> bool:
    framework = framework_of(app)
    return framework != "" and (
        hasattr(app, "routes") or hasattr(app, "url_map") or framework in ("django", "falcon", "blacksheep")
    )


def _walk(app: Any, prefix: str, schemas: list[dict[str, Any]], routes: list[dict[str, Any]]) -> None:
    """Read an app of Starlette or FastAPI, and those that are mounted in it."""
    if callable(getattr(app, "openapi", None)):
        try:
            schemas.append({"prefix": prefix, "schema": app.openapi()})
        except Exception as error:
            schemas.append({"prefix": prefix, "schema": {}, "problem": f"{type(error).__name__}: {error}"})
    flatten = getattr(sys.modules.get("fastapi.routing"), "iter_route_contexts", list)
    for route in flatten(getattr(app, "routes", ())):
        methods = getattr(route, "methods", None)
        if methods:
            kinds = {name: _kind(each) for name, each in getattr(route, "param_convertors", {}).items()}
            routes += _entries(prefix + str(getattr(route, "path_format", route.path)), methods, kinds)
        elif hasattr(route, "routes") and hasattr(route, "app"):
            _walk(unwrap(route.app), (prefix + str(route.path)).rstrip("/"), schemas, routes)


def _rule(rule: Any) -> list[dict[str, Any]]:
    """A rule of Werkzeug, `/items/<int:id>`, as a route."""
    if rule.endpoint == "static" or str(rule.endpoint).endswith(".static"):
        return []
    converters = getattr(rule, "_converters", {})
    pieces = [f"{{{part}}}" if is_name else part for is_name, part in getattr(rule, "_trace", ())]
    path = "".join(pieces).partition("|")[2] or str(rule.rule)
    return _entries(path, rule.methods or (), {name: _kind(each) for name, each in converters.items()})


def _django(patterns: Any, prefix: str) -> list[dict[str, Any]]:
    """The routes of Django's URL patterns, those of the admin left out; the methods of a view are not known."""
    found: list[dict[str, Any]] = []
    for each in patterns:
        route = getattr(each.pattern, "_route", None)
        if route is None or getattr(each, "namespace", None) == "admin":
            continue
        kinds = {}
        for name, converter in each.pattern.converters.items():
            for spelt in (*(f"<{kind}:{name}>" for kind in _DJANGO_CONVERTERS), f"<{name}>"):
                route = route.replace(spelt, f"{{{name}}}")
            kinds[name] = _kind(converter)
        if hasattr(each, "url_patterns"):
            found += _django(each.url_patterns, prefix + route)
        else:
            found += _entries(prefix + route, ("GET",), kinds)
    return found


def _entries(path: str, methods: Any, kinds: dict[str, str]) -> list[dict[str, Any]]:
    plain = sorted(set(methods) - {"HEAD", "OPTIONS"})
    return [{"method": method, "path": path, "kinds": kinds} for method in plain]


def _kind(converter: Any) -> str:
    """The kind of value that a converter of a path takes: integer, number, uuid or string."""
    return _KINDS.get(type(converter).__name__, "string")


# --- calling -------------------------------------------------------------------------------------


def _asked_schemas(app: Any, interface: str) -> list[dict[str, Any]]:
    """The schema that the app itself answers with at one of the usual paths, if any."""
    get = _get_wsgi if interface == "wsgi" else _get_asgi
    for path in _SCHEMA_PATHS:
        with contextlib.suppress(Exception):
            schema = json.loads(get(app, path))
            if isinstance(schema, dict) and str(schema.get("openapi", "")).startswith("3"):
                return [{"prefix": "", "schema": schema}]
    return []


def _get_asgi(app: Any, path: str) -> bytes:
    return asyncio.run(asyncio.wait_for(_call(app, path), _ANSWER_WITHIN_S))


async def _call(app: Any, path: str) -> bytes:
    body: list[bytes] = []
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await asyncio.sleep(_ANSWER_WITHIN_S)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        body.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return b"".join(body)


def _get_wsgi(app: Any, path: str) -> bytes:
    utilities = importlib.import_module("wsgiref.util")
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "127.0.0.1"}
    utilities.setup_testing_defaults(environ)
    return b"".join(app(environ, lambda status, headers, exc_info=None: lambda data: None))
