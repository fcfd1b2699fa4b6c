"""The templates of the files that are written for a service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

STEP = "    "


def fill(template: str, contents: Mapping[str, Any]) -> str:
    """The text of a template of this room; every name that it uses must be among the contents."""
    return _environment().get_template(template).render(contents)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("bench.starter"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters |= {"toml": toml, "commented": _commented, "line": one_line, "doc": in_docstring}
    return made


def toml(value: object) -> str:
    """A text, a number, a list or a table of texts as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml(str(key))} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def one_line(text: str) -> str:
    """A text on one line, for a comment."""
    return " ".join(text.split())


def in_docstring(text: str) -> str:
    """A text on one line that can neither end nor escape anything in a docstring."""
    return one_line(text).replace("\\", "/").replace('"', "'")


def _commented(text: str) -> str:
    """Lines as comments, each from its own indentation on."""
    return "\n".join(f"{STEP * 2}# {line.removeprefix(STEP * 2)}" for line in text.split("\n"))
