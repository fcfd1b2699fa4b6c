"""Locust's command without the settings of its user: a `locust.conf` must not change what a benchmark measures.

Locust reads its options from `~/.locust.conf`, `locust.conf`, `[tool.locust]` of a `pyproject.toml` and variables
named LOCUST_... as well. The engine gives all that it needs on the command line.
"""

from __future__ import annotations

import os

from locust import argument_parser, main

_PREFIX = "LOCUST_"


def run() -> None:
    """Run Locust with the options of the command line alone."""
    for name in [name for name in os.environ if name.startswith(_PREFIX)]:
        del os.environ[name]
    argument_parser.get_empty_argument_parser.__defaults__ = (True, ())
    argument_parser.get_parser.__defaults__ = ((),)
    main.main()


if __name__ == "__main__":
    run()
