"""Looks at a service from inside its own interpreter, and writes what it finds as one JSON document.

    python _fastapi_bench_look.py '{"app": "shop.main:app", "folder": "/srv/shop/src"}' ANSWER.json

Standard library only, Python 3.9 and later. The app may print: the answer goes to a file of its own. No lifespan is
run, except that of a plain ASGI callable, as only a call can tell whether it knows one.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

_routes: Any = importlib.import_module("_fastapi_bench_routes")

_WSGI = frozenset({"flask", "bottle", "pyramid"})
_PACKAGES = (
    *("uvicorn", "gunicorn", "granian", "hypercorn", "uvicorn-worker", "uvloop", "httptools", "h11"),
    *("fastapi", "starlette", "litestar", "quart", "flask", "django", "falcon", "blacksheep"),
)
_LIFESPAN_WITHIN_S = 1.0
_TRACE_LINES = 12


class LookError(Exception):
    """What was asked for is not an app that a server could run; `kind` says in one word why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def main(question: str, answer: str) -> None:
    """Look at the app of the question, write the answer, and end at once, as threads of the app may live on."""
    asked = json.loads(question)
    sys.path[0] = asked["folder"]
    try:
        found = describe(asked["app"])
    except LookError as error:
        found = {"error": {"kind": error.kind, "message": str(error)}}
    except BaseException as error:
        found = {"error": _failure(error, asked["app"])}
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(found, file, default=str)
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def describe(name: str) -> dict[str, Any]:
    """The app, its interface, framework and lifespan, its OpenAPI schemas and routes, and the servers next to it."""
    app, is_made = load(name)
    interface = interface_of(app)
    if interface is None:
        raise LookError(
            "no-app", f"{name} is a {type(app).__name__}, which is neither an ASGI nor a WSGI app"
        )
    schemas, routes = _routes.contents(app, interface)
    return {
        "app": name.replace("()", "") + ("()" if is_made else ""),
        "interface": interface,
        "framework": _routes.framework_of(_routes.unwrap(app)),
        "lifespan": lifespan_of(app, interface),
        "schemas": schemas,
        "routes": routes,
        "packages": dict(packages()),
        "python": platform.python_version(),
    }


def load(name: str) -> tuple[Any, bool]:
    """The object that `module:attribute` names, and whether a factory made it."""
    module_name, _, attribute = name.partition(":")
    target: Any = importlib.import_module(module_name)
    plain = attribute[:-2] if attribute.endswith("()") else attribute
    for part in plain.split("."):
        if not hasattr(target, part):
            raise LookError("no-attribute", f"{module_name} has no {part}")
        target = getattr(target, part)
    if plain == attribute and not is_factory(target):
        return target, False
    made = target()
    if inspect.iscoroutine(made):
        made.close()
        raise LookError("no-app", f"{name} is an async function: no server calls such a factory")
    return made, True


def is_factory(target: Any) -> bool:
    """Whether it is a function or a class that makes the app when it is called without arguments."""
    if not (inspect.isroutine(target) or inspect.isclass(target)):
        return False
    parameters = _parameters(target)
    takes_any = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters)
    return not takes_any and not _required(parameters)


def interface_of(app: Any) -> str | None:
    """`asgi`, `wsgi`, or None for what is neither."""
    framework = _routes.framework_of(app)
    if framework in ("django", "falcon"):
        return "asgi" if "asgi" in type(app).__module__ else "wsgi"
    if framework:
        return "wsgi" if framework in _WSGI else "asgi"
    if not callable(app) or inspect.isclass(app):
        return None
    if _is_async(app):
        return "asgi"
    return {2: "wsgi", 3: "asgi"}.get(len(_required(_parameters(app))))


def lifespan_of(app: Any, interface: str) -> str:
    """`on`, `off` or `unknown`: whether the app answers to a lifespan."""
    framework = _routes.framework_of(_routes.unwrap(app))
    if interface == "wsgi" or framework == "django":
        return "off"
    if framework:
        return "on"
    with contextlib.suppress(Exception):
        return asyncio.run(asyncio.wait_for(_try_lifespan(app), _LIFESPAN_WITHIN_S))
    return "unknown"


def packages() -> Iterator[tuple[str, str]]:
    """The version of each package that matters and that is there."""
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield name, metadata.version(name)


async def _try_lifespan(app: Any) -> str:
    """Call the app with a lifespan, up to the end of its startup."""
    events = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]
    said: list[str] = []

    async def receive() -> dict[str, str]:
        return events.pop()

    async def send(message: dict[str, Any]) -> None:
        said.append(message["type"])

    with contextlib.suppress(Exception):
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return "on" if any(word.startswith("lifespan.startup") for word in said) else "off"


def _parameters(target: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a callable; those of some in C are not known."""
    try:
        return list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return []


def _required(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each for each in parameters if each.kind not in variable and each.default is each.empty]


def _is_async(app: Any) -> bool:
    call = getattr(type(app), "__call__", None)  # noqa: B004 - it is the method that may be async
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call)


def _failure(error: BaseException, name: str) -> dict[str, Any]:
    """What an exception of the app says, and the module that was missing, if that was it."""
    module = name.partition(":")[0]
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    absent = missing is not None and f"{module}.".startswith(f"{missing}.")
    lines = traceback.format_exc().strip().splitlines()
    return {
        "kind": "absent" if absent else "raised",
        "message": f"{type(error).__name__}: {error}",
        "missing": missing,
        "trace": "\n".join(lines[-_TRACE_LINES:]),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
