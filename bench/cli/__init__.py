"""Arguments in, text out, exit status: `bench`, and `python -m bench`.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

import typer

from bench.cli import ab, capacity, compare, doctor, exact, history, locust, report, run, selftest, serve
from bench.cli._terminal import note

_EPILOG = (
    "Exit status: 0 well, 1 a measurement failed, 2 wrong usage, 130 stopped by Ctrl-C. "
    "Gates: 1 regressed, 2 also a failure, 3 inconclusive."
)

app = typer.Typer(
    name="bench",
    help="Run an app under real servers, load it, and report figures with their doubts attached.",
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 110},
)
for command in (
    *(run.run, capacity.capacity, report.report, report.export, report.list_, compare.compare),
    *(
        exact.exact,
        ab.ab,
        ab.noise,
        serve.serve,
        locust.locust,
        doctor.doctor,
        doctor.generators,
        selftest.selftest,
    ),
):
    app.command(command.__name__.rstrip("_"))(command)
app.add_typer(history.commands, name="history")


def main(commands: typer.Typer = app) -> NoReturn:
    """The one place that prints errors and exits."""
    from bench.errors import BenchError

    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda got, _: sys.exit(128 + got))
    try:
        status = commands(sys.argv[1:] or ["--help"], standalone_mode=False)
    except BenchError as error:
        status = _complain(error, error.status)
    except typer.TyperException as error:
        status = _complain(_sentence(error), 2)
    except KeyboardInterrupt:
        status = 130
    except Exception as error:
        if os.environ.get("BENCH_DEBUG"):
            raise
        status = _complain(f"unexpected {type(error).__name__}: {error} (BENCH_DEBUG=1 shows where)", 1)
    sys.exit(status or 0)


def _sentence(error: typer.TyperException) -> str:
    """What is wrong with a command line, and where to read what is right."""
    from bench.errors import unknown

    context = getattr(error, "ctx", None)
    said = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    if context is None:
        return said
    if option := getattr(error, "option_name", None):
        options = [name for param in context.command.get_params(context) for name in param.opts]
        if option not in options:
            said = str(unknown("option", option, [name for name in options if name.startswith("--")]))
    return f"{said} (see `{context.command_path} --help`)"


def _complain(what: object, status: int) -> int:
    note(f"bench: {what}")
    return status
