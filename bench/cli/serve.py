"""`bench serve`: a server for people."""

from __future__ import annotations

from typing import Annotated

from bench.cli._lookup import find_setup
from bench.cli._options import SetupName, SetupsFile, port_number
from bench.cli._terminal import note
from bench.serve import foreground


def serve(
    setup: SetupName = "uvicorn",
    port: Annotated[int, port_number("0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
) -> None:
    """Start a setup's server and keep it until Ctrl-C."""
    foreground.serve(find_setup(setup, setups), port, note)
