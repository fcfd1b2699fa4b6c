"""Values of JSON as the types that a reader expects: None, or empty, where a value is missing or of another type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

Part = TypeVar("Part")


def as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def as_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def as_texts(value: object) -> tuple[str, ...]:
    """The items of a list, each as text."""
    return tuple(map(str, as_list(value)))


def as_words(value: object) -> dict[str, str]:
    """The names and values of an object, each as text."""
    return {str(name): str(one) for name, one in as_mapping(value).items()}


def as_count(value: object) -> int | None:
    """A whole number; a truth value is not one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_counts(value: object) -> tuple[int, ...] | None:
    """The whole numbers of a list, without its other items; None where there is no list."""
    if not isinstance(value, (list, tuple)):
        return None
    return tuple(number for one in value if (number := as_count(one)) is not None)


def as_number(value: object) -> float | None:
    """A number; a truth value is not one."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def as_numbers(value: object) -> tuple[float, ...]:
    """The numbers of a list, without its other items."""
    return tuple(number for one in as_list(value) if (number := as_number(one)) is not None)


def read_part(read: Callable[[Mapping[str, object]], Part], value: object) -> Part | None:
    """What `read` makes of an object; None where it is missing or empty."""
    source = as_mapping(value)
    return read(source) if source else None
