"""Charts as data, and how they are drawn."""

from __future__ import annotations

from bench.system.extras import missing


def can_draw() -> bool:
    """Whether the extra `charts` is installed, which `drawing` and the modules that it uses need."""
    return not missing("charts")
