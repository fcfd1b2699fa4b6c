"""The template filters, against the readers of what they write."""

from __future__ import annotations

import ast
import tomllib

import pytest

from bench.starter.templating import in_docstring, toml


@pytest.mark.parametrize(
    "value", ["plain", 'a "quoted" \\ line\n', "\x7f", "ü€", 3, 0.5, True, ["a", "b"], {"a b": "c"}]
)
def test_toml_is_read_as_it_was_written(value: object) -> None:
    assert tomllib.loads(f"key = {toml(value)}") == {"key": value}


@pytest.mark.parametrize("text", ["plain", 'a """ + 1', "back\\", "\\N{x}", "two\nlines"])
def test_a_docstring_ends_where_it_should(text: str) -> None:
    body = ast.parse(f'"""{in_docstring(text)}"""').body
    assert len(body) == 1
    assert "\n" not in in_docstring(text)
