"""The lists of the house, over small trees that are made up: what is listed, and what just is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.house import (
    REASONS,
    HouseList,
    Reasons,
    SourceFile,
    find_long_functions,
    find_switches,
    find_types,
    find_wide_calls,
    inspect,
    main,
    read_tracked,
)

ROOT = Path(__file__).parents[2]


def source(text: str, path: str = "bench/a.py") -> SourceFile:
    return SourceFile.parse(path, text)


def lists_of(*files: SourceFile, reasons: Reasons | None = None) -> tuple[HouseList, ...]:
    lists = inspect(files, reasons or Reasons())
    assert len(lists) == 6
    return lists


def function(lines: int, name: str = "f") -> str:
    """A function of so many lines."""
    return f"def {name}():\n" + "    pass\n" * (lines - 1)


def module(lines: int) -> str:
    return "x = 1\n" * lines


# --- type names --------------------------------------------------------------------------------


def test_a_type_name_that_two_files_define_is_listed_with_both_places() -> None:
    types = lists_of(source("class Row: ...\n"), source("\nRow = dict[str, int]\n", "tools/b.py"))[0]
    assert types.entries == ("Row: bench/a.py:1, tools/b.py:2",)
    assert types.faults == 1


def test_a_type_name_that_one_file_defines_is_not() -> None:
    either = "if FAST:\n    class Row: ...\nelse:\n    Row = dict\n"
    assert lists_of(source(either), source("class Column: ...\n", "bench/b.py"))[0].entries == ()


def test_types_of_the_tests_may_have_any_name() -> None:
    assert lists_of(source("class Row: ...\n"), source("class Row: ...\n", "tests/a.py"))[0].entries == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("class Row: ...", ["Row"]),
        ("class SLO: ...", ["SLO"]),
        ("Row = dict[str, int]", ["Row"]),
        ("Row: TypeAlias = dict[str, int]", ["Row"]),
        ("Row = Line = dict[str, int]", ["Row", "Line"]),
        (
            "try:\n    import a\nexcept ImportError:\n    class Row: ...\nfinally:\n    Line = int",
            ["Row", "Line"],
        ),
        ("class _Row: ...", []),
        ("_Row = dict[str, int]", []),
        ("ROW = 1", []),
        ("T = TypeVar('T')", []),
        ("row = 1", []),
        ("class Page:\n    class Row: ...", ["Page"]),
        ("def f():\n    class Row: ...", []),
        ("a.Row = 1", []),
        ("from a import Row", []),
    ],
)
def test_a_type_is_a_public_class_or_alias_at_module_level(text: str, names: list[str]) -> None:
    assert [found.name for found in find_types(source(text))] == names


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement came with Python 3.12")
def test_the_type_statement_defines_one_too() -> None:
    assert [found.name for found in find_types(source("type Row[K] = dict[K, int]"))] == ["Row"]


# --- calls -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "sizes"),
    [
        ("f(1, 2, 3, 4, 5)", []),
        ("f(1, 2, 3, 4, 5, 6)", [6]),
        ("f(1, 2, 3, 4, 5, g=6, h=7)", []),
        ("f(1, 2, 3, 4, *rest)", []),
        ("f(1, 2, 3, 4, 5, *rest)", [6]),
        ("f(g(1, 2, 3, 4, 5, 6, 7))", [7]),
    ],
)
def test_a_call_is_wide_with_more_than_five_positional_arguments(call: str, sizes: list[int]) -> None:
    assert [found.size for found in find_wide_calls(source(call))] == sizes


def test_a_wide_call_is_listed_unless_its_signature_allows_nothing_else() -> None:
    file = source("a.pack(1, 2, 3, 4, 5, 6)\nb.pack(1, 2, 3, 4, 5, 6)\n")
    calls = lists_of(file, reasons=Reasons(calls={"a.pack": "takes values"}))[1]
    assert calls.entries == ("bench/a.py:2: b.pack (6)",)
    assert calls.faults == 1


def test_the_tests_may_call_as_they_like() -> None:
    assert lists_of(source("f(1, 2, 3, 4, 5, 6)\n", "tests/a.py"))[1].entries == ()


# --- the formatter -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = 1  # fmt: skip\n", [1]),
        ("x = 1  #fmt:skip\n", [1]),
        ("x = 1\n# fmt: off\n", [2]),
        ("x = 1  # noqa: E501 # fmt: skip\n", [1]),
        ("x = 1  # fmt: on\n", []),
        ("x = '# fmt: skip'\n", []),
        ("x = 1  # the formatter may skip\n", []),
    ],
)
def test_a_switch_of_the_formatter_is_a_comment(text: str, lines: list[int]) -> None:
    assert [found.place for found in find_switches(source(text))] == [f"bench/a.py:{line}" for line in lines]


def test_a_switch_is_listed_in_the_tests_too() -> None:
    switches = lists_of(source("x = 1  # fmt: skip\n", "tests/a.py"))[2]
    assert switches.entries == ("tests/a.py:1: # fmt: skip",)
    assert switches.faults == 1


# --- lengths -----------------------------------------------------------------------------------


def test_a_function_may_have_forty_lines() -> None:
    assert lists_of(source(function(40)))[3].entries == ()
    functions = lists_of(source(function(41)))[3]
    assert functions.entries == ("bench/a.py:1: f, 41 lines: NO REASON",)
    assert functions.faults == 1


def test_methods_and_inner_functions_have_their_qualified_names() -> None:
    method = "class Row:\n    async def f(self):\n" + "        pass\n" * 40
    inner = "def f():\n    if 1:\n        def g():\n" + "            pass\n" * 40
    assert [found.name for found in find_long_functions(source(method))] == ["Row.f"]
    assert [(found.name, found.size) for found in find_long_functions(source(inner))] == [
        ("f", 43),
        ("f.g", 41),
    ]


def test_a_module_may_have_three_hundred_lines() -> None:
    assert lists_of(source(module(300)))[4].entries == ()
    modules = lists_of(source(module(301)))[4]
    assert modules.entries == ("bench/a.py: module, 301 lines: NO REASON",)
    assert modules.faults == 1


def test_what_is_too_long_may_stay_for_a_reason() -> None:
    reasons = Reasons(functions={"bench/a.py:f": "reads well"}, modules={"bench/a.py": "is data"})
    *_, functions, modules, unneeded = lists_of(source(function(41) + module(300)), reasons=reasons)
    assert (functions.entries, functions.faults) == (("bench/a.py:1: f, 41 lines: reads well",), 0)
    assert (modules.entries, modules.faults) == (("bench/a.py: module, 341 lines: is data",), 0)
    assert unneeded.entries == ()


def test_a_reason_holds_for_its_own_place_alone() -> None:
    reasons = Reasons(functions={"bench/a.py:f": "reads well"}, modules={"bench/a.py": "is data"})
    long = function(41) + module(300)
    *_, functions, modules, _ = lists_of(source(long), source(long, "bench/b.py"), reasons=reasons)
    assert [len(each.entries) for each in (functions, modules)] == [2, 2]
    assert [each.faults for each in (functions, modules)] == [1, 1]


def test_the_longest_comes_first() -> None:
    functions = lists_of(source(function(41) + function(50, "g")))[3]
    assert [entry.split(": ")[1] for entry in functions.entries] == ["g, 50 lines", "f, 41 lines"]


def test_tests_may_be_long() -> None:
    *_, functions, modules, _ = lists_of(source(function(41) + module(300), "tests/a.py"))
    assert (functions.entries, modules.entries) == ((), ())


def test_a_reason_that_no_entry_needs_must_go() -> None:
    reasons = Reasons(
        calls={"a.pack": "takes values"},
        functions={"bench/a.py:f": "reads well"},
        modules={"bench/gone.py": "is data"},
    )
    unneeded = lists_of(source(function(40)), reasons=reasons)[5]
    assert unneeded.entries == ("a.pack", "bench/a.py:f", "bench/gone.py")
    assert unneeded.faults == 3


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in order, but for what git does not track and for rooms that are not ours."""
    for path, text in {
        "bench/a.py": "class Row: ...\n",
        "locustfile.py": "x = 1\n",
        "bench/page.css": "not Python",
        "docs/conf.py": "class Row: ...\n",
        "bench/new.py": "class Row: ...\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "rm", "-q", "--cached", "bench/new.py")
    return tmp_path


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def house(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "house.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


def test_only_tracked_files_of_our_rooms_are_read(repository: Path) -> None:
    assert [file.path for file in read_tracked(repository)] == ["bench/a.py", "locustfile.py"]
    (repository / "locustfile.py").unlink()
    assert [file.path for file in read_tracked(repository)] == ["bench/a.py"]


def test_what_must_go_is_printed_and_makes_the_status_1(repository: Path) -> None:
    _git(repository, "add", "bench/new.py")
    done = house(repository)
    assert done.returncode == 1
    assert "  Row: bench/a.py:1, bench/new.py:1\n" in done.stdout
    needless = len({**REASONS.calls, **REASONS.functions, **REASONS.modules})  # nothing here is long
    assert done.stdout.endswith(f"\n{1 + needless} to mend\n")


def test_a_house_in_order_has_the_status_0(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    monkeypatch.chdir(repository)
    assert main([], Reasons()) == 0


@pytest.mark.parametrize("break_it", ["not Python", "no files", "no repository"])
def test_what_cannot_be_read_is_wrong_usage(repository: Path, break_it: str) -> None:
    folder = repository
    if break_it == "not Python":
        (repository / "bench" / "a.py").write_text("x = 1\nclass:\n")
    elif break_it == "no files":
        folder = repository / "docs"
    else:
        (repository / ".git").rename(repository / "git")
    done = house(folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert {"not Python": "bench/a.py:2", "no files": "no tracked", "no repository": "git repository"}[
        break_it
    ] in done.stderr


def test_help_names_the_limits_and_the_statuses(tmp_path: Path) -> None:
    done = house(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("more than 5 positional", "over 40 lines", "over 300 lines", "REASONS", "Exit status: 0"):
        assert word in done.stdout
