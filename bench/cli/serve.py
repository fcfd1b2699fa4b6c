"""`bench serve`: a server for people."""

from __future__ import annotations

from typing import Annotated

from bench.cli._lookup import one_setup
from bench.cli._options import SetupName, SetupsFile, port_number


def serve(
    setup: SetupName = "uvicorn",
    port: Annotated[int, port_number("0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
) -> None:
    """Start a setup's server and keep it until Ctrl-C."""
    from bench.serve.foreground import serve as serve_live

    serve_live(one_setup(setup, setups), port)
