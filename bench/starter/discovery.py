"""Where the app of a folder may be: what start scripts name, and the usual modules with the usual names."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError

_MODULES = (
    "main",
    "app",
    "asgi",
    "application",
    "api",
    "server",
    "web",
    "run",
    "factory",
    "__init__",
    "wsgi",
)
"""Modules that hold an app, the likeliest first; `wsgi` is last, as Django writes both and asgi is the newer."""
_CALLERS = ("cli", "__main__")
"""Modules that hold no app, and may start a server of one."""
_NAMES = ("app", "application", "asgi", "api")
_FACTORIES = ("create_app", "make_app", "get_app", "build_app", "create_application", "get_application")
_CLASSES = frozenset({"FastAPI", "Starlette", "Litestar", "Quart", "Flask"})
_SCRIPTS = (
    *("Procfile", "Dockerfile", "Containerfile", "docker-compose.yml", "docker-compose.yaml", "compose.yml"),
    *("compose.yaml", "Makefile", "justfile", "pyproject.toml"),
)
_NOT_OURS = frozenset(
    {"tests", "test", "migrations", "alembic", "node_modules", "docs", "build", "dist", "venv", "env"}
)
_DEEPEST = 3
_MOST_BYTES = 500_000

_SERVER = re.compile(r"\b(?:uvicorn|gunicorn|granian|hypercorn|daphne)\b(?P<rest>[^\n]*)")
_TARGET = re.compile(r"(?<![\w./:@-])(?P<app>[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(\))?)(?![\w/:])")
_FOLDER = re.compile(r"--(?:app-dir|pythonpath|chdir)[\s=]+(?P<folder>[\w./-]+)")
_RUN = re.compile(r"uvicorn\.run\(\s*[\"'](?P<app>[\w.]+:[\w.]+)[\"'](?P<rest>[^)]*)")
_APP = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(\))?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An app that may be there: its name, the folder that it is imported from, and the file that says so."""

    app: str
    app_dir: str
    source: str


def candidates(folder: Path, app: str = "", app_dir: str = "") -> list[Candidate]:
    """The apps that a folder may hold, the likeliest first; only those of `app` and `app_dir` where these are given.

    Raises UsageError when `app` is no `module:attribute`, or `app_dir` is no folder.
    """
    if app_dir and not (folder / app_dir).is_dir():
        raise UsageError(f"--app-dir {app_dir}: there is no such folder in {folder}")
    if app:
        name = _check_name(app)
        return [Candidate(name, each, "--app") for each in _folders(folder, app_dir)]
    files = list(_files(folder / app_dir))
    found = [] if app_dir else [*_in_scripts(folder), *_in_calls(folder, files)]
    for path in files:
        if path.stem in _MODULES:
            folders = [app_dir] if app_dir else _import_folders(folder, path)
            found += [each for place in folders for each in _in_module(folder, path, place)]
    unique: dict[tuple[str, str], Candidate] = {}
    for each in found:
        unique.setdefault((each.app, each.app_dir), each)
    return list(unique.values())


def _check_name(app: str) -> str:
    """The app as `module:attribute`; `src/shop/main.py:app` is read as well."""
    module, _, attribute = app.partition(":")
    if module.endswith(".py"):
        module = module.removesuffix(".py").removeprefix("./").removeprefix("src/").replace("/", ".")
    name = f"{module}:{attribute}"
    if not _APP.fullmatch(name):
        raise UsageError(
            f"--app {app}: write MODULE:ATTRIBUTE, such as shop.main:app or shop.main:create_app"
        )
    return name


def _folders(folder: Path, app_dir: str) -> list[str]:
    if app_dir:
        return [app_dir]
    return ["", "src"] if (folder / "src").is_dir() else [""]


# --- start scripts -------------------------------------------------------------------------------


def _in_scripts(folder: Path) -> Iterator[Candidate]:
    """What lines that start a server name, in a Procfile, a Dockerfile and the like."""
    for name in _SCRIPTS:
        text = _read(folder / name)
        for line in _SERVER.finditer(re.sub(r"\\\n", " ", text)):
            rest = re.sub(r"[\"',\[\]]+", " ", line["rest"])
            for target in _TARGET.finditer(rest):
                yield from _named(folder, target["app"], rest, name)
        if name == "pyproject.toml" and (entry := _entry_point(text)):
            yield from _named(folder, entry, "", name)


def _named(folder: Path, app: str, arguments: str, source: str) -> Iterator[Candidate]:
    """An app as a command line names it, where its module is in this folder."""
    if "--factory" in arguments and not app.endswith("()"):
        app += "()"
    given = _FOLDER.search(arguments)
    for app_dir in _folders(folder, given["folder"].rstrip("/") if given else ""):
        place = folder / app_dir / app.partition(":")[0].replace(".", "/")
        if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
            yield Candidate(app, "" if app_dir == "." else app_dir, source)


def _entry_point(text: str) -> str:
    """The app that FastAPI's own command line is told of in pyproject.toml."""
    try:
        entry = tomllib.loads(text).get("tool", {}).get("fastapi", {}).get("entrypoint", "")
    except (tomllib.TOMLDecodeError, AttributeError):
        return ""
    return entry if isinstance(entry, str) and _APP.fullmatch(entry) else ""


def _in_calls(folder: Path, files: list[Path]) -> Iterator[Candidate]:
    """What a `uvicorn.run("shop.main:app")` names."""
    for path in files:
        for call in _RUN.finditer(_read(path)):
            arguments = "--factory" if re.search(r"factory\s*=\s*True", call["rest"]) else ""
            yield from _named(folder, call["app"], arguments, str(path.relative_to(folder)))


# --- modules -------------------------------------------------------------------------------------


def _files(folder: Path) -> Iterator[Path]:
    """The files of the usual names, sorted by name and then by depth; hidden folders and tests are left out."""
    found: list[Path] = []
    order = (*_MODULES, *_CALLERS)
    for root, folders, names in os.walk(folder):
        here = Path(root)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(
            name
            for name in folders
            if depth < _DEEPEST and name not in _NOT_OURS and not _is_foreign(here / name)
        )
        found += [here / name for name in sorted(names) if name.endswith(".py") and name[:-3] in order]
    yield from sorted(found, key=lambda path: (order.index(path.stem), len(path.parts)))


def _is_foreign(folder: Path) -> bool:
    return folder.name.startswith((".", "_")) or (folder / "pyvenv.cfg").exists()


def _in_module(folder: Path, path: Path, app_dir: str) -> Iterator[Candidate]:
    """The names of a module that may be an app, where it is imported from a folder."""
    parts = path.relative_to(folder / app_dir).with_suffix("").parts
    module = parts[:-1] if parts[-1] == "__init__" else parts
    if module and all(part.isidentifier() for part in module):
        for name in _names(_read(path)):
            yield Candidate(f"{'.'.join(module)}:{name}", app_dir, str(path.relative_to(folder)))


def _import_folders(folder: Path, path: Path) -> list[str]:
    """The folders that a module may be imported from: that above its package; else all, from the top down.

    What lies below `src` is not imported from the folder above it.
    """
    root = path.parent
    while root != folder and (root / "__init__.py").exists():
        root = root.parent
    above = [each for each in (root, *root.parents) if each == folder or folder in each.parents]
    ordered = above if root != path.parent else above[::-1]
    names = ["" if each == folder else str(each.relative_to(folder)) for each in ordered]
    return [name for name in names if name or path.relative_to(folder).parts[0] != "src"]


def _names(source: str) -> Iterator[str]:
    """The names that a module binds and that may be an app: the usual ones, instances of a framework, factories."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # written for another Python than ours
        yield from (name for name in _NAMES if re.search(rf"^{name}\b", source, re.MULTILINE))
        yield from (f"{name}()" for name in _FACTORIES if re.search(rf"^def {name}\b", source, re.MULTILINE))
        return
    bound = {name: node for node in _statements(body) for name in _bindings(node)}
    yield from (name for name in _NAMES if name in bound)
    yield from (name for name, node in bound.items() if name not in _NAMES and _is_instance(node))
    yield from (f"{name}()" for name in _FACTORIES if name in bound)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, with those under its `if`, `try` and `with`."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements(
                [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
            )


def _bindings(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)


def _is_instance(node: ast.stmt) -> bool:
    """Whether a statement binds an instance of a framework's class."""
    value = getattr(node, "value", None)
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in _CLASSES


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.stat().st_size < _MOST_BYTES else ""
    except OSError:
        return ""
