"""Groups of options that several commands share: a dataclass each, declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def takes(**groups: type[Any]) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command the options of each group on its command line, in place of its parameter of the group's name.

    A group is a dataclass whose fields are annotated as options are, each with a default.
    """
    options = {name: _options(group) for name, group in groups.items()}

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        signature = inspect.signature(command, eval_str=True)
        parameters = [
            parameter for own in signature.parameters.values() for parameter in options.get(own.name, [own])
        ]

        @functools.wraps(command)
        def run(**values: Any) -> T:
            made = {
                name: group(**{one.name: values.pop(one.name) for one in options[name]})
                for name, group in groups.items()
            }
            return command(**values, **made)

        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate


def _options(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(one.name, kind, default=one.default, annotation=hints[one.name])
        for one in fields(group)
    ]
