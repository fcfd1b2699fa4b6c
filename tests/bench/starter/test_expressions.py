"""Expressions as text, read again by Python and by the formatter."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings

from bench.starter.expressions import Call, Code, join, render
from tests.bench.starter.schemas import values


@given(values())
@settings(deadline=None)
def test_a_value_is_read_as_it_was_written(value: Any) -> None:
    assert ast.literal_eval(render(value)) == value


@pytest.mark.parametrize(
    "value",
    [b"", b"a'b", b'a"b', b"'\"", b"\x00\xff\n\\", "it's", 'say "a\\"', "\\\"'", (1,), (), (("a", "b"),)],
)
def test_bytes_tuples_and_quotes_are_read_as_they_were_written(value: object) -> None:
    assert ast.literal_eval(render(value)) == value


def test_a_long_value_stands_on_several_lines() -> None:
    value = {"first": ["a" * 50, {"b": "c" * 50}], "last": {}}
    text = render(value, " " * 8)
    assert ast.literal_eval(text) == value
    assert max(map(len, text.splitlines())) < 88
    assert text.splitlines()[-1] == " " * 8 + "}"


def test_a_formatter_finds_nothing_to_change() -> None:
    lines = []
    for width in range(20, 60):
        body = {"name": "x" * width, "tags": ["y" * width, 'a "b"'], "none": {}, "one": ("z" * (width // 2),)}
        words = {"name": "w" * width, "check": Call("f", [b"a"])}
        call = Call("json_request", ["POST", "/items", body], words, after=".encode()")
        lines += [f"made = {render(call, '', 7)}", f"short = {render(Call('f', [1], {'a': (1,)}), '', 8)}"]
    text = "\n".join(lines) + "\n"
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert done.stdout == text


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        (["/a", "/b"], "/a/b"),
        ([], ""),
        (["", Code("n")], "7"),
        ([Code("n", is_text=False)], "8"),
        (["/{a}\"'\\\n", Code("n"), "-", Code("n", is_text=False)], "/{a}\"'\\\n7-8"),
    ],
)
def test_texts_and_code_become_one_text(parts: list[str | Code], value: str) -> None:
    names: dict[str, object] = {"n": "7"} if Code("n") in parts else {"n": 8}
    if value.endswith("7-8"):
        parts = [Code("m", is_text=False) if part == Code("n", is_text=False) else part for part in parts]
        names |= {"n": "7", "m": 8}
    assert eval(render(join(parts)), names) == value
