"""`bench locust`: a server and Locust's web UI for people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli._groups import takes
from bench.cli._lookup import configure, find_setup, load_scenarios
from bench.cli._options import AnySetupName, ScenariosFile, SetupsFile, option, port_number
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note, short_path
from bench.engines.launch import LOCUSTFILE
from bench.errors import ServerError
from bench.locust.handover import HANDOVER_VARIABLE, Handover
from bench.measure.runner import place_facts
from bench.measure.workbench import Workbench
from bench.model.plan import Setup
from bench.model.secrets import secrets_of
from bench.observe.profiler import py_spy
from bench.serve.foreground import check, check_free, follow, way_in
from bench.serve.server import Server, serving
from bench.system import cpus
from bench.system.extras import need
from bench.system.home import own_command
from bench.system.host import on_cpus
from bench.system.logs import quote
from bench.system.processes import Processes

_GRACE_S = 15.0
"""After Ctrl-C, for requests under way and for the records of the test that they belong to."""


@takes(service=ServiceOptions)
def locust(
    setup: AnySetupName = None,
    port: Annotated[int, port_number("The server's; 0 picks a free one.")] = 0,
    web_port: Annotated[int, port_number("Of Locust's web UI.", 1)] = 8089,
    profile: Annotated[
        bool, typer.Option("--profile", help="A flame graph of a worker for each test, by py-spy.")
    ] = False,
    client: Annotated[
        Literal["fast", "http", "native"] | None,
        option(
            "Who sends: Locust's FastHttpUser [default], its HttpUser, or our engine.", "fast|http|native"
        ),
    ] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    *,
    service: ServiceOptions,
) -> None:
    """Start a setup's server and Locust's web UI for it, until Ctrl-C.

    Server and generator have CPUs of their own. Each test that is started in the UI writes a run with a report to
    reports/, as `bench run` does; `bench compare` takes it.

    \b
    bench locust uvicorn
    bench locust --app shop.main:app --scenarios bench_scenarios.py
    bench locust uvicorn --client native
    """
    need("locust", what="`bench locust`")
    if client is not None:
        os.environ["BENCH_LOCUST_CLIENT"] = client  # for Locust and all of its workers
    configuration = configure(service, setups=setups, scenarios=scenarios)
    known = load_scenarios(configuration.scenarios_file)
    if profile:
        py_spy()
    chosen = find_setup(setup, configuration)
    share = cpus.share()
    bench = Workbench(
        setups={chosen.name: chosen},
        scenarios=known,
        scenarios_file=configuration.scenarios_file,
        service=configuration.service_name,
        server_cpus=share.server,
        generator_cpus=share.generator,
        own_cpus=share.harness,
    )
    with on_cpus(bench.own_cpus):
        _serve(chosen, bench, (port, web_port), profile)


def _serve(setup: Setup, bench: Workbench, ports: tuple[int, int], profile: bool) -> None:
    """Serve a setup with Locust's web UI for it until Ctrl-C. Raises ServerError when either ends by itself."""
    port, web_port = ports
    check_free(port, "--port", setup)
    check_free(web_port, "--web-port")
    facts = place_facts([setup], bench)
    with (
        Processes() as processes,
        serving(setup, processes, port=port, cpus=bench.server_cpus) as server,
        processes.folder() as folder,
    ):
        handover = _handover(server, bench, processes, folder, profile=profile, facts=facts)
        log = handover.locust_log
        with processes.running(
            _command(server.url, web_port),
            log=log,
            cpus=bench.generator_cpus,
            env=_environment(handover, folder / "handover.json"),
            grace_s=_GRACE_S,
        ) as child:
            note(f"{setup.name} answers on {server.url} ({way_in(server.address)})")
            note(f"each test writes a run with a report to {short_path(handover.runs)}")
            note(f"Locust's web UI is on http://127.0.0.1:{web_port}; Ctrl-C stops both")

            def check_both() -> None:
                check(server)
                if child.poll() is not None:
                    raise ServerError(f"Locust ended with status {child.returncode}; its log:\n{quote(log)}")

            follow([server.log, log], check_both, secrets_of(server.setup))


def _handover(
    server: Server,
    bench: Workbench,
    processes: Processes,
    folder: Path,
    *,
    profile: bool,
    facts: Mapping[str, object],
) -> Handover:
    """What Locust is to know of the server; sample files of its tests go into the folder."""
    spool = folder / "spool"
    spool.mkdir()
    return Handover(
        setup=server.setup,
        address=server.address,
        server_pid=server.pid,
        server_log=server.log,
        locust_log=folder / "locust.log",
        service_pids=tuple(processes.children - {server.pid or 0}),
        server_cpus=server.cpus,
        generator_cpus=bench.generator_cpus,
        own_cpus=bench.own_cpus,
        runs=Path("reports").absolute(),
        spool=spool,
        scenarios_file=bench.scenarios_file,
        profile=profile,
        facts=facts,
    )


def _environment(handover: Handover, path: Path) -> dict[str, str]:
    """The environment of Locust, with the handover in a file."""
    handover.write(path)
    env = os.environ | {HANDOVER_VARIABLE: str(path)}
    if handover.scenarios_file is not None:
        env["BENCH_SCENARIOS"] = str(handover.scenarios_file)
    if handover.address.tls:
        env["BENCH_CA"] = handover.address.tls.ca
    env["BENCH_HTTP2"] = "1" if handover.setup.http2 else ""
    return env


def _command(url: str, web_port: int) -> list[str]:
    return [
        *own_command("locust", "-f", str(LOCUSTFILE)),
        *("--class-picker", "--host", url),
        *("--web-host", "127.0.0.1", "--web-port", str(web_port), "--loglevel", "WARNING"),
    ]
