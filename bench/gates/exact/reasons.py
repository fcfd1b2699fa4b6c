"""Why a figure changed: the functions and libraries whose own figures changed most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

_SHOWN = 4
_SMALLEST = 0.05
"""Changes smaller than this share of the largest one of their kind are left out."""


@dataclass(frozen=True, slots=True)
class Functions:
    """Bytecodes per request by Python function: of the app's own files (`own`) and of libraries (`others`)."""

    own: Mapping[str, float]
    others: Mapping[str, float]


def functions(base: Functions, head: Functions) -> tuple[str, ...]:
    """The functions that changed most: the app's own, then as many of the libraries' as make four, at least one.

    A new line of the app often costs little next to the work that it causes in libraries.
    """
    own = _most(base.own, head.own)[:_SHOWN]
    others = _most(base.others, head.others)[: max(1, _SHOWN - len(own))]
    return (*_lines(own, base.own, head.own), *_lines(others, base.others, head.others))


def _lines(names: Iterable[str], base: Mapping[str, float], head: Mapping[str, float]) -> Iterator[str]:
    for name in names:
        ends = ("" if name in base else ", new") + ("" if name in head else ", gone")
        yield f"{name}: {_signed(head.get(name, 0) - base.get(name, 0))} bytecodes a request{ends}"


def libraries(base: Mapping[str, float], head: Mapping[str, float]) -> tuple[str, ...]:
    """Programs and shared libraries by instructions per request; paths are cut to the file's name."""
    base, head = _by_file(base), _by_file(head)
    return tuple(
        f"{name}: {_signed(head.get(name, 0) - base.get(name, 0))} instructions a request"
        for name in _most(base, head)[:_SHOWN]
    )


def _most(base: Mapping[str, float], head: Mapping[str, float]) -> list[str]:
    sizes = {name: abs(head.get(name, 0) - base.get(name, 0)) for name in {**base, **head}}
    ranked = sorted((name for name in sizes if sizes[name]), key=lambda name: (-sizes[name], name))
    return [name for name in ranked if sizes[name] >= _SMALLEST * sizes[ranked[0]]]


def _by_file(spent: Mapping[str, float]) -> dict[str, float]:
    return {PurePath(path).name: count for path, count in spent.items()}


def _signed(count: float) -> str:
    return f"{count:+,.0f}" if abs(count) >= 1 else f"{count:+.2f}"
