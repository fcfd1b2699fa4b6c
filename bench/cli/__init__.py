"""Arguments in, text out, exit status: `bench`, and `python -m bench`.

`bench --help` answers at once: a command's module is imported when that command is called.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from bench.cli._failure import describe, exit_2_on_failure
from bench.cli._terminal import note
from bench.errors import BenchError, unknown

COMMANDS = {
    "init": (
        "bench.cli.init:init",
        "Look at your app, write bench.toml and bench_scenarios.py for it, and try them once.",
    ),
    "record": (
        "bench.cli.record:record",
        "Turn a HAR file, curl lines or an OpenAPI schema into a file of scenarios.",
    ),
    "run": ("bench.cli.run:run", "Measure a plan and write a run with a report."),
    "capacity": (
        "bench.cli.capacity:capacity",
        "Find the arrival rate that holds the objectives, or how throughput grows with workers.",
    ),
    "report": ("bench.cli.report:report", "Write the report of a run again, finished or interrupted."),
    "export": ("bench.cli.export:export", "Give a run to another tool, in its own format."),
    "list": (
        "bench.cli.list:list_",
        "Name what can be run, with a line about each; scenarios with their tags.",
    ),
    "compare": (
        "bench.cli.compare:compare",
        "Compare a run with an earlier one, side by side, and say what became slower.",
    ),
    "exact": (
        "bench.cli.exact:exact",
        "Count the instructions of a request, for every endpoint of every scenario, and compare two versions.",
    ),
    "ab": (
        "bench.cli.ab:ab",
        "Compare two commits, or two setups, over real servers side by side: "
        "is one slower, and how sure is that?",
    ),
    "noise": (
        "bench.cli.noise:noise",
        "Compare a server with itself: "
        "how noisy is this machine, and what could `bench ab` find in which time?",
    ),
    "serve": ("bench.cli.serve:serve", "Start a setup's server and keep it until Ctrl-C."),
    "locust": (
        "bench.cli.locust:locust",
        "Start a setup's server and Locust's web UI for it, until Ctrl-C.",
    ),
    "worker": (
        "bench.cli.worker:worker",
        "Join a Locust master as a worker, whose users send their requests by the native engine, until Ctrl-C.",
    ),
    "doctor": (
        "bench.cli.doctor:doctor",
        "Look at what this machine offers for measuring, "
        "then measure for three quarters of a minute what it can resolve.",
    ),
    "generators": (
        "bench.cli.generators:generators",
        "Load generators side by side: their CPU time per request, and whether they agree on the throughput.",
    ),
    "selftest": (
        "bench.cli.selftest:selftest",
        "Prove the instrument on this machine: "
        "measure servers of known behaviour, and compare with their own logs.",
    ),
    "history": ("bench.cli.history:commands", "Keep what each commit measured, and show how it moved."),
    "ci": (
        "bench.cli.ci:commands",
        "Have the gates run in the CI of your repository, and show there what they found.",
    ),
}
"""The commands in the order of `bench --help`: where the function or group is, and the first line of its docstring."""

_GATES = frozenset({"compare", "exact", "ab", "noise", "ci"})

_EPILOG = (
    "Exit status: 0 well, 1 a measurement failed, 2 wrong usage, 130 stopped by Ctrl-C. "
    "Gates: 1 regressed, 2 also a failure, 3 inconclusive."
)


class _LazyGroup(TyperGroup):
    """A group that lists its commands from the table, and imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and _load(str(name)), rest


def _load(name: str) -> Any:
    """Import a command. Raises GateError where that fails for a gate, as its status 1 says that a change is slower."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    with exit_2_on_failure() if name in _GATES else contextlib.nullcontext():
        command = getattr(importlib.import_module(module), attribute)
    if isinstance(command, typer.Typer):
        return get_command(command)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name, cls=getattr(command, "kind", None))(command)
    return get_command(single)


def _app() -> typer.Typer:
    app = typer.Typer(
        name="bench",
        cls=_LazyGroup,
        help="Run an app under real servers, load it, and report figures with their doubts attached.",
        epilog=_EPILOG,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"max_content_width": 110},
    )
    for name, (_, line) in COMMANDS.items():
        app.command(name, help=line)(lambda: None)
    return app


def main(app: typer.Typer | None = None) -> NoReturn:
    """Run an app, by default `bench`, and exit: the one place that prints errors and picks the exit status."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda got, _: sys.exit(128 + got))
    try:
        status = (app or _app())(sys.argv[1:] or ["--help"], standalone_mode=False)
    except BenchError as error:
        status = _complain(error, error.status)
    except typer.TyperException as error:
        status = _complain(_sentence(error), 2)
    except KeyboardInterrupt:
        status = 130
    except Exception as error:
        if os.environ.get("BENCH_DEBUG"):
            raise
        status = _complain(describe(error), 1)
    sys.exit(status or 0)


def _sentence(error: typer.TyperException) -> str:
    """The mistake in a command line, and the command whose help says more."""
    context = getattr(error, "ctx", None)
    mistake = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    if context is None:
        return mistake
    if option := getattr(error, "option_name", None):
        options = [name for param in context.command.get_params(context) for name in param.opts]
        if option not in options:
            mistake = str(unknown("option", option, [name for name in options if name.startswith("--")]))
    return f"{mistake} (see `{context.command_path} --help`)"


def _complain(problem: object, status: int) -> int:
    note(f"bench: {problem}")
    return status
