"""`bench locust`: a server and Locust's web UI for people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from bench.cli._groups import takes
from bench.cli._lookup import configure, find_setup, load_scenarios
from bench.cli._options import AnySetupName, ScenariosFile, SetupsFile, port_number
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note
from bench.engines.launch import LOCUSTFILE
from bench.errors import ServerError
from bench.model.plan import Setup
from bench.model.secrets import secrets_of
from bench.serve.foreground import check, check_free, follow
from bench.serve.server import serving
from bench.system.extras import need
from bench.system.home import own_command
from bench.system.logs import quote
from bench.system.processes import Processes


@takes(service=ServiceOptions)
def locust(
    setup: AnySetupName = None,
    port: Annotated[int, port_number("The server's; 0 picks a free one.")] = 0,
    web_port: Annotated[int, port_number("Of Locust's web UI.", 1)] = 8089,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    *,
    service: ServiceOptions,
) -> None:
    """Start a setup's server and Locust's web UI for it, until Ctrl-C.

    \b
    bench locust uvicorn
    bench locust --app shop.main:app --scenarios bench_scenarios.py
    """
    need("locust", what="`bench locust`")
    configuration = configure(service, setups=setups, scenarios=scenarios)
    load_scenarios(configuration.scenarios_file)
    _serve(find_setup(setup, configuration), port, web_port, configuration.scenarios_file)


def _serve(setup: Setup, port: int, web_port: int, scenarios_file: Path | None) -> None:
    """Serve a setup with Locust's web UI for it until Ctrl-C. Raises ServerError when either ends by itself."""
    check_free(port, "--port", setup)
    check_free(web_port, "--web-port")
    env = dict(os.environ)
    if scenarios_file is not None:
        env["BENCH_SCENARIOS"] = str(scenarios_file)
    with Processes() as processes, serving(setup, processes, port=port) as server:
        log = server.log.with_name("locust.log")
        if server.address.tls:
            env["BENCH_CA"] = server.address.tls.ca
        env["BENCH_HTTP2"] = "1" if setup.http2 else ""
        with processes.running(_command(server.url, web_port), log=log, env=env, grace_s=2.0) as child:
            note(f"{setup.name} answers on {server.url}")
            note(f"Locust's web UI is on http://127.0.0.1:{web_port}; pick a class; Ctrl-C stops both")

            def check_both() -> None:
                check(server)
                if child.poll() is not None:
                    raise ServerError(f"Locust ended with status {child.returncode}; its log:\n{quote(log)}")

            follow([server.log, log], check_both, secrets_of(server.setup))


def _command(url: str, web_port: int) -> list[str]:
    return [
        *own_command("locust", "-f", str(LOCUSTFILE)),
        *("--class-picker", "--host", url),
        *("--web-host", "127.0.0.1", "--web-port", str(web_port), "--loglevel", "WARNING"),
    ]
