"""`bench serve`: a server for people."""

from __future__ import annotations

from typing import Annotated

from bench.cli._groups import takes
from bench.cli._lookup import configure, find_setup
from bench.cli._options import AnySetupName, SetupsFile, port_number
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note
from bench.serve import foreground


@takes(service=ServiceOptions)
def serve(
    setup: AnySetupName = None,
    port: Annotated[int, port_number("0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
    *,
    service: ServiceOptions,
) -> None:
    """Start a setup's server and keep it until Ctrl-C.

    \b
    bench serve granian-1
    bench serve --app "shop.main:make()" --env-file .env --health /healthz
    """
    foreground.serve(find_setup(setup, configure(service, setups=setups)), port, note)
