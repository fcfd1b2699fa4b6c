"""`python -m tools.calibration`: how far can the gates be trusted on this machine?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli import main
from bench.cli._options import named, number
from bench.cli._terminal import note, say, shown

if TYPE_CHECKING:
    from tools.calibration.ledger import Ledger


def calibrate(
    gate: Annotated[
        Literal["exact", "paired"] | None, named("One of the gates, not both.", "exact|paired")
    ] = None,
    only: Annotated[list[str] | None, named("SeededFault, not all; repeatable.", "FAULT")] = None,
    runs: Annotated[
        int | None, number("Runs of each fault, those that there are included; 0 writes the page alone.", 0)
    ] = None,
    duration: Annotated[
        float,
        typer.Option(
            "--seconds", min=10, max=86_400, metavar="SECONDS", help="Of `bench ab`, time at most a scenario."
        ),
    ] = 40.0,
    out: Annotated[
        Path, named("Where calibration.md is written, and calibration/ with the raw data.", "FOLDER")
    ] = Path("docs"),
) -> None:
    """Put faults into this project's app, one after the other, and see which gate finds them, and how often.

    Runs `bench exact` and `bench ab` over heads that are the same as their base, and over heads with a fault: more CPU
    in a handler, waiting, a query more, a blocking call, a smaller pool, a leak. All of it takes some hours. It can be
    stopped at any time: a second call goes on where the first ended. What is committed is calibrated, in a clone.
    Exit status: 0 well, 1 where a gate came to no verdict, 2 wrong usage.

    \b
    python -m tools.calibration --gate exact --only a-a --runs 30
    python -m tools.calibration --gate paired --only cpu-3 --only cpu-5 --runs 5 --seconds 40
    python -m tools.calibration --runs 0
    """
    from bench.errors import unknown
    from tools.calibration.faults import FAULTS, GATES
    from tools.calibration.ledger import Ledger
    from tools.calibration.session import Asked, calibrate

    for name in only or ():
        if name not in FAULTS:
            raise unknown("fault", name, FAULTS)
    ledger = Ledger(out / "calibration")
    asked = Asked((gate,) if gate else GATES, tuple(only or FAULTS), runs, duration)
    try:
        failed = calibrate(asked, ledger, Path.cwd(), note)
    finally:
        _write(ledger, out / "calibration.md")
    raise typer.Exit(1 if failed else 0)


def _write(ledger: Ledger, path: Path) -> None:
    from tools.calibration.page import page

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(ledger.trials(), ledger.prices()), encoding="utf-8")
    say(shown(path))


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)
app.command()(calibrate)

if __name__ == "__main__":
    main(app)
