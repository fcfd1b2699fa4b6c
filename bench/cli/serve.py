"""`bench serve`: a server for people."""

from __future__ import annotations

from typing import Annotated

from bench.cli._groups import takes
from bench.cli._lookup import configure, find_setup
from bench.cli._options import AnySetupName, SetupsFile, option, port_number
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note
from bench.serve import foreground

ServeHost = Annotated[str, option("Address to serve on; 0.0.0.0 is all of this machine's.", "ADDRESS")]


@takes(service=ServiceOptions)
def serve(
    setup: AnySetupName = None,
    port: Annotated[int, port_number("0 picks a free one.")] = 8000,
    setups: SetupsFile = None,
    host: ServeHost = "127.0.0.1",
    *,
    service: ServiceOptions,
) -> None:
    """Start a setup's server and keep it until Ctrl-C.

    \b
    bench serve granian-1
    bench serve --app "shop.main:make()" --env-file .env --health /healthz
    bench serve granian-1 --host 10.0.0.7
    """
    foreground.serve(find_setup(setup, configure(service, setups=setups)), port, note, host)
