"""The one package that a wheel installs: the harness, its scenarios and its demo app.

In the repository the folders below are links to those at its top; in a wheel they are copies. The code imports them
as `bench`, `scenarios` and `target_app`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    """Run `bench`, with our packages in front of any of the same names: in the current folder, or installed."""
    sys.path.insert(0, str(Path(__file__).with_name("bench").resolve().parent))
    from bench.cli import main as run

    run()
