"""`bench locust`: a server and Locust's web UI for people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli._groups import takes
from bench.cli._lookup import configure, find_setup, load_scenarios
from bench.cli._options import AnySetupName, ScenariosFile, SetupsFile, number, option, port_number
from bench.cli._passing import passing
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note, print_file, short_path
from bench.locust.command import LocustCommand
from bench.locust.crew import Crew, crew
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
from bench.system.host import on_cpus
from bench.system.processes import Processes


@passing
@takes(service=ServiceOptions)
def locust(
    context: typer.Context,
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
    workers: Annotated[
        int, number("Processes that make the load, each on a CPU of its own, under a master.", 0, 64)
    ] = 0,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    *,
    service: ServiceOptions,
) -> None:
    """Start a setup's server and Locust's web UI for it, until Ctrl-C.

    Server and generator have CPUs of their own. Each test that is started in the UI writes a run with a report to
    reports/, as `bench run` does; `bench compare` takes it.

    Options of Locust's own follow after --. With --headless or --autoquit it ends by itself, and the exit status is
    Locust's.

    \b
    bench locust uvicorn
    bench locust --app shop.main:app --scenarios bench_scenarios.py
    bench locust uvicorn --client native
    bench locust uvicorn --workers 2 -- --headless --users 20 --run-time 1m
    """
    need("locust", what="`bench locust`")
    command = LocustCommand.build(web_port, workers, context.obj)
    if "--otel" in command.passed:
        need("otel", what="--otel")
    if client is not None:
        os.environ["BENCH_LOCUST_CLIENT"] = client  # for Locust and all of its workers
    configuration = configure(service, setups=setups, scenarios=scenarios)
    known = load_scenarios(configuration.scenarios_file)
    if profile:
        py_spy()
    chosen = find_setup(setup, configuration)
    share = cpus.share(max(1, workers))
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
        raise typer.Exit(_serve(chosen, bench, port, command, profile=profile))


def _serve(setup: Setup, bench: Workbench, port: int, command: LocustCommand, *, profile: bool) -> int:
    """Serve a setup with Locust for it until Ctrl-C, or until Locust ends as its options say; gives its exit status.

    Raises ServerError and EngineError when either ends otherwise.
    """
    check_free(port, "--port", setup)
    check_free(command.web_port, "--web-port")
    facts = place_facts([setup], bench)
    with (
        Processes() as processes,
        serving(setup, processes, port=port, cpus=bench.server_cpus) as server,
        processes.folder() as folder,
    ):
        handover = _handover(server, bench, processes, folder, given=setup, profile=profile, facts=facts)
        env = _environment(handover, folder / "handover.json")
        with crew(command, handover, processes, env) as locusts:
            note(f"{setup.name} answers on {server.url} ({way_in(server.address)})")
            note(f"each test writes a run with a report to {short_path(handover.runs)}")
            return _follow(server, locusts)


def _follow(server: Server, locusts: Crew) -> int:
    """Show what a server and Locust write until Locust ends; gives its exit status."""
    command = locusts.command
    locusts.wait_until_ready()
    if command.workers:
        note(f"{command.workers} workers have joined their master")
    if not command.ends:
        note(f"Locust's web UI is on http://127.0.0.1:{command.web_port}; Ctrl-C stops both")

    def goes_on() -> bool:
        check(server)
        locusts.check()
        return locusts.exit_status is None

    follow([server.log, *locusts.logs], goes_on, secrets_of(server.setup))
    print_file(locusts.output.read_text())
    return locusts.exit_status or 0


def _handover(
    server: Server,
    bench: Workbench,
    processes: Processes,
    folder: Path,
    *,
    given: Setup,
    profile: bool,
    facts: Mapping[str, object],
) -> Handover:
    """What Locust is to know of the server; sample files of its tests go into the folder."""
    spool = folder / "spool"
    spool.mkdir()
    return Handover(
        setup=server.setup,
        given=given,
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
