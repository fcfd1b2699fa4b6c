"""`python -m tools.calibration`: how far can the gates be trusted on this machine?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli import main
from bench.cli._lookup import check_known
from bench.cli._options import number, option
from bench.cli._terminal import note, say, short_path
from tools.calibration import core_session, session
from tools.calibration.core_checks import CHECKS, NAMES
from tools.calibration.core_run import CheckName
from tools.calibration.faults import FAULTS, GATES
from tools.calibration.ledger import Ledger
from tools.calibration.page import page


def calibrate(
    check: Annotated[
        CheckName | None,
        typer.Argument(metavar="CHECK", help="Of `bench run`, not of the gates: " + " | ".join(NAMES)),
    ] = None,
    gate: Annotated[
        Literal["exact", "paired"] | None, option("One of the gates, not both.", "exact|paired")
    ] = None,
    only: Annotated[list[str] | None, option("Fault, not all; repeatable.", "FAULT")] = None,
    runs: Annotated[
        int | None,
        number(
            "Runs of each fault or of the check, those that there are included; 0 writes the page alone.", 0
        ),
    ] = None,
    duration: Annotated[
        float,
        typer.Option(
            "--seconds", min=10, max=86_400, metavar="SECONDS", help="Of `bench ab`, time at most a scenario."
        ),
    ] = 40.0,
    rounds: Annotated[int | None, number("Of each run of the check [its own].", 2, 1000)] = None,
    minutes: Annotated[
        float | None, number("Time of each run of the check [its own].", 0.05, 600, "MINUTES")
    ] = None,
    out: Annotated[
        Path, option("Where calibration.md is written, and calibration/ with the raw data.", "FOLDER")
    ] = Path("docs"),
) -> None:
    """Put faults into this project's app, one after the other, and see which gate finds them, and how often.

    Runs `bench exact` and `bench ab` over heads that are the same as their base, and over heads with a fault: more CPU
    in a handler, waiting, a query more, a blocking call, a smaller pool, a leak. All of it takes some hours. It can be
    stopped at any time: a second call goes on where the first ended. What is committed is calibrated, in a clone.

    With a CHECK it runs `bench run` instead, on setups of which the truth is known.

    Exit status: 0 well, 1 where a run came to no verdict, 2 wrong usage.

    \b
    python -m tools.calibration --gate exact --only a-a --runs 30
    python -m tools.calibration --gate paired --only cpu-3 --only cpu-5 --runs 5 --seconds 40
    python -m tools.calibration core-same --runs 3
    python -m tools.calibration --runs 0
    """
    check_known("fault", only or (), FAULTS)
    ledger = Ledger(out / "calibration")
    try:
        if check is None:
            asked = session.Asked((gate,) if gate else GATES, tuple(only or FAULTS), runs, duration)
            failed = session.calibrate(asked, ledger, Path.cwd(), note)
        else:
            core = core_session.CoreAsked(CHECKS[check], runs, rounds, minutes)
            failed = core_session.calibrate(core, ledger, Path.cwd(), note)
    finally:
        _write(ledger, out / "calibration.md")
    raise typer.Exit(1 if failed else 0)


def _write(ledger: Ledger, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = page(ledger.trials(), ledger.prices(), ledger.core_runs(), ledger.burn_prices())
    path.write_text(text, encoding="utf-8")
    say(short_path(path))


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)
app.command()(calibrate)

if __name__ == "__main__":
    main(app)
