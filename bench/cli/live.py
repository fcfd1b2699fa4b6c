"""`bench serve`, `bench locust`: servers for people."""

from __future__ import annotations

from typing import Annotated

from bench.cli.lookup import all_scenarios, one_setup
from bench.cli.options import ScenariosFile, SetupName, SetupsFile, port_number


def serve(
    setup: SetupName = "uvicorn",
    port: Annotated[int, port_number("0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
) -> None:
    """Start a setup's server and keep it until Ctrl-C."""
    from bench.live import serve as serve_live

    serve_live(one_setup(setup, setups), port)


def locust(
    setup: SetupName = "uvicorn",
    port: Annotated[int, port_number("The server's; 0 picks a free one.")] = 0,
    web_port: Annotated[int, port_number("Of Locust's web UI.", 1)] = 8089,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
) -> None:
    """Start a setup's server and Locust's web UI for it, until Ctrl-C."""
    from bench.live import locust as locust_live

    all_scenarios(scenarios)
    locust_live(one_setup(setup, setups), port, web_port, scenarios)
