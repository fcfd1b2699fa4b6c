"""The colours of a report, by meaning. They stay apart for the colour-blind; `colours.css` has their dark twins.

The four ways to write an endpoint are Okabe and Ito's colours; setups take Paul Tol's "muted" ones, so that a line
of a setup is not mistaken for a way.
"""

from __future__ import annotations

INK = "ink"
QUIET = "quiet"
GRID = "grid"
OTHER = "other"
ROLES = ("async", "sync", "misuse", "offload")

LIGHT = {
    INK: "#1b1f24",
    QUIET: "#59636e",
    GRID: "#d8dee4",
    "async": "#0072b2",
    "sync": "#e69f00",
    "misuse": "#d55e00",
    "offload": "#009e73",
    OTHER: "#6e7781",
    "setup-0": "#332288",
    "setup-1": "#cc6677",
    "setup-2": "#117733",
    "setup-3": "#88ccee",
    "setup-4": "#882255",
    "setup-5": "#999933",
    "setup-6": "#aa4499",
    "setup-7": "#44aa99",
}
SETUPS = tuple(name for name in LIGHT if name.startswith("setup-"))


PAPER = "#ffffff"
"""What lies under a drawing of its own, and fills a hollow mark."""


def role(variant: str) -> str:
    """The colour of a way to write an endpoint."""
    return variant if variant in ROLES else OTHER
