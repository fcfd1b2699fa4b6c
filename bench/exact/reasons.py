"""Why a figure changed: the functions and libraries whose share changed most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

_SHOWN = 4
_SMALLEST = 0.05
"""What changed by less than this share of the largest change is left out."""


def functions(base: Mapping[str, float], head: Mapping[str, float]) -> tuple[str, ...]:
    """Python functions by bytecodes per request, those that changed most first."""
    return tuple(
        f"{name}: {_signed(head.get(name, 0) - base.get(name, 0))} bytecodes a request"
        + ("" if name in base else ", new")
        + ("" if name in head else ", gone")
        for name in _most(base, head)
    )


def libraries(base: Mapping[str, float], head: Mapping[str, float]) -> tuple[str, ...]:
    """Programs and shared libraries by instructions per request; paths are cut to the file's name."""
    mine, its = _by_file(base), _by_file(head)
    return tuple(
        f"{name}: {_signed(its.get(name, 0) - mine.get(name, 0))} instructions a request"
        for name in _most(mine, its)
    )


def _most(base: Mapping[str, float], head: Mapping[str, float]) -> list[str]:
    sizes = {name: abs(head.get(name, 0) - base.get(name, 0)) for name in {**base, **head}}
    ranked = sorted((name for name in sizes if sizes[name]), key=lambda name: (-sizes[name], name))
    return [name for name in ranked[:_SHOWN] if sizes[name] >= _SMALLEST * sizes[ranked[0]]]


def _by_file(spent: Mapping[str, float]) -> dict[str, float]:
    return {PurePath(path).name: count for path, count in spent.items()}


def _signed(count: float) -> str:
    return f"{count:+,.0f}" if abs(count) >= 1 else f"{count:+.2f}"
