"""Lists what breaks the rules of the house: `python -m tools.house`, from the top of the repository."""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOMS = ("bench", "scenarios", "target_app", "tools", "locustfile.py")
TESTS = "tests"
MOST_POSITIONAL = 5
MOST_FUNCTION_LINES = 40
MOST_MODULE_LINES = 300
NO_REASON = "NO REASON"

_HELP = f"""\
Lists, over the tracked Python files of {", ".join(ROOMS)}:

  1. public type names with more than one definition (classes and type aliases at module level)
  2. calls with more than {MOST_POSITIONAL} positional arguments (a starred one counts once)
  3. `fmt: skip` and `fmt: off`, in {TESTS}, too
  4. functions over {MOST_FUNCTION_LINES} lines
  5. modules over {MOST_MODULE_LINES} lines

Lists 1 to 3 must be empty. An entry of 4 or 5 may stay if REASONS in tools/house.py says why, as may a call into a
library whose signature allows nothing else. A reason that no entry needs any more must go.
"""
_EPILOG = "Exit status: 0 when all is in order, 1 when something is listed that must go, 2 for wrong usage."
_SWITCH = re.compile(r"#\s*fmt:\s*(skip|off)\b")


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why an entry may stay: for calls by the called name, for functions by `path:name`, for modules by path."""

    calls: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)


REASONS = Reasons(
    calls={
        "git": "takes the words of a command line",
        "op.create_table": "Alembic takes the columns and constraints of a table as positional arguments",
        "struct.pack": "takes the packed values as positional arguments",
    },
    functions={
        "bench/cli/ab.py:ab": "a command: its length is its options and their help",
        "bench/cli/capacity.py:capacity": "a command: its length is its options and their help",
        "bench/cli/ci.py:init": "a command: its length is its options and their help",
        "bench/cli/history.py:add": "a command: its length is its options and their help",
        "bench/cli/locust.py:locust": "a command: its length is its options and their help",
        "bench/cli/run.py:run": "a command: its length is its options and their help",
        "tools/calibration/__main__.py:calibrate": "a command: its length is its options and their help",
        "target_app/migrations/versions/0001_first.py:upgrade": "a step of the schema, read from top to bottom",
    },
    modules={
        "bench/engines/connection.py": "one object is the hot path; two would call each other per answer",
        "bench/model/facts.py": "the format of one file, its parts in the order in which they are read",
        "bench/model/samples.py": "the format of one file: its rows, who writes them, who reads them",
        "bench/model/record.py": "the format of one file, its parts in the order in which they are written",
        "tools/calibration/page.py": "one page: its words and its tables, in the order in which they are read",
    },
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file of the repository: its path from the top, its text, and the tree of it."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, path: str, text: str) -> SourceFile:
        """Raises SyntaxError, which names the path, when the text is not Python."""
        return cls(path, text, ast.parse(text, path))

    @property
    def is_test(self) -> bool:
        return self.path.startswith(f"{TESTS}/")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What a list may hold: `name` stands at `place`; `key` finds its reason; `size` is in the unit of the list."""

    place: str
    name: str
    key: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class HouseList:
    """A list as printed: its title, its entries, and how many of them must go."""

    title: str
    entries: tuple[str, ...]
    faults: int

    def __str__(self) -> str:
        count = str(len(self.entries)) if self.entries else "none"
        return "\n".join([f"{self.title}: {count}", *(f"  {entry}" for entry in self.entries)])


# --- reading -----------------------------------------------------------------------------------


def read_tracked(root: Path) -> list[SourceFile]:
    """The tracked Python files of the rooms and the tests. Raises OSError, CalledProcessError, SyntaxError."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--", *ROOMS, TESTS, ":!*/locustfile.py"]  # a link
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    paths = [path for path in listed.split("\0") if path.endswith(".py") and (root / path).exists()]
    return [SourceFile.parse(path, (root / path).read_text(encoding="utf-8")) for path in paths]


# --- finding -----------------------------------------------------------------------------------


def find_types(file: SourceFile) -> Iterator[Occurrence]:
    """The public classes and type aliases that a file defines at module level; an alias is named in CapWords."""
    for node in _module_level(file.tree.body):
        for name in _type_names(node):
            if not name.startswith("_"):
                yield Occurrence(f"{file.path}:{node.lineno}", name)


def find_wide_calls(file: SourceFile) -> Iterator[Occurrence]:
    """The calls with more positional arguments than a reader can tell apart."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and len(node.args) > MOST_POSITIONAL:
            called = ast.unparse(node.func)
            yield Occurrence(f"{file.path}:{node.lineno}", called, called, len(node.args))


def find_switches(file: SourceFile) -> Iterator[Occurrence]:
    """The comments that switch the formatter off; the same words in a string are no switch."""
    for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
        if token.type == tokenize.COMMENT and _SWITCH.search(token.string):
            yield Occurrence(f"{file.path}:{token.start[0]}", token.string)


def find_long_functions(file: SourceFile) -> Iterator[Occurrence]:
    """The functions and methods over the limit, from `def` to the last line."""
    for name, node in _functions(file.tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > MOST_FUNCTION_LINES:
            yield Occurrence(f"{file.path}:{node.lineno}", name, f"{file.path}:{name}", lines)


def find_long_modules(file: SourceFile) -> Iterator[Occurrence]:
    """The file itself, if it is over the limit."""
    lines = file.text.count("\n")
    if lines > MOST_MODULE_LINES:
        yield Occurrence(file.path, "module", file.path, lines)


def _module_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, with those under its `if` and `try`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _module_level([*node.body, *node.orelse])
        if isinstance(node, ast.Try):
            handled = [each for handler in node.handlers for each in handler.body]
            yield from _module_level([*node.body, *handled, *node.orelse, *node.finalbody])


def _type_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef):
        return [node.name]
    if type(node).__name__ == "TypeAlias":  # `type Name = ...`, which Python 3.11 does not know
        return [name.id for name in ast.iter_child_nodes(node) if isinstance(name, ast.Name)][:1]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in names if name[0].isupper() and not name.isupper()]


def _functions(
    node: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """All functions below a node, each with its qualified name."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _functions(child, prefix)
            continue
        name = f"{prefix}{child.name}"
        if not isinstance(child, ast.ClassDef):
            yield name, child
        yield from _functions(child, f"{name}.")


# --- listing -----------------------------------------------------------------------------------


def inspect(files: Sequence[SourceFile], reasons: Reasons) -> tuple[HouseList, ...]:
    """The five lists, and the reasons that no entry needs."""
    own = [file for file in files if not file.is_test]
    calls = [call for file in own for call in find_wide_calls(file)]
    functions = [function for file in own for function in find_long_functions(file)]
    modules = [module for file in own for module in find_long_modules(file)]
    unneeded = [
        *_unneeded(reasons.calls, calls),
        *_unneeded(reasons.functions, functions),
        *_unneeded(reasons.modules, modules),
    ]
    return (
        _list_types(own),
        _list_calls(calls, reasons.calls),
        _list_switches(files),
        _list_long(f"functions over {MOST_FUNCTION_LINES} lines", functions, reasons.functions),
        _list_long(f"modules over {MOST_MODULE_LINES} lines", modules, reasons.modules),
        HouseList("reasons that no entry needs", tuple(unneeded), len(unneeded)),
    )


def _list_types(files: Iterable[SourceFile]) -> HouseList:
    """A name that one file defines twice, under an `if` and its `else`, is defined once."""
    places: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for file in files:
        for found in find_types(file):
            places[found.name].setdefault(file.path, found.place)
    entries = [
        f"{name}: {', '.join(by_file.values())}"
        for name, by_file in sorted(places.items())
        if len(by_file) > 1
    ]
    return HouseList("public type names with more than one definition", tuple(entries), len(entries))


def _list_calls(calls: Iterable[Occurrence], reasons: Mapping[str, str]) -> HouseList:
    entries = [f"{call.place}: {call.name} ({call.size})" for call in calls if call.key not in reasons]
    title = f"calls with more than {MOST_POSITIONAL} positional arguments"
    return HouseList(title, tuple(entries), len(entries))


def _list_switches(files: Iterable[SourceFile]) -> HouseList:
    entries = [f"{switch.place}: {switch.name}" for file in files for switch in find_switches(file)]
    return HouseList("fmt: skip and fmt: off", tuple(entries), len(entries))


def _list_long(title: str, long: Iterable[Occurrence], reasons: Mapping[str, str]) -> HouseList:
    """The longest first; an entry without a reason must go."""
    ordered = sorted(long, key=lambda each: (-each.size, each.place))
    entries = [
        f"{each.place}: {each.name}, {each.size} lines: {reasons.get(each.key, NO_REASON)}"
        for each in ordered
    ]
    return HouseList(title, tuple(entries), sum(each.key not in reasons for each in ordered))


def _unneeded(reasons: Mapping[str, str], entries: Iterable[Occurrence]) -> list[str]:
    return sorted(set(reasons) - {entry.key for entry in entries})


# --- the command -------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None, reasons: Reasons = REASONS) -> int:
    """Print the lists; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.house",
        description=_HELP,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    lists = inspect(_read_or_exit(parser), reasons)
    print(*lists, sep="\n")
    faults = sum(each.faults for each in lists)
    print(f"{faults} to mend" if faults else "the house is in order")
    return 1 if faults else 0


def _read_or_exit(parser: argparse.ArgumentParser) -> list[SourceFile]:
    try:
        files = read_tracked(Path.cwd())
    except SyntaxError as error:
        parser.error(f"{error.filename}:{error.lineno}: {error.msg}")
    except (OSError, subprocess.CalledProcessError) as error:
        parser.error(f"cannot read the tracked files: {getattr(error, 'stderr', '').strip() or error}")
    if not files:
        parser.error("no tracked Python files here; run it from the top of the repository")
    return files


if __name__ == "__main__":
    sys.exit(main())
