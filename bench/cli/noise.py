"""`bench noise`: how noisy is this machine, and what could `bench ab` find on it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli._ending import note_undrawn
from bench.cli._failure import exit_2_on_failure
from bench.cli._groups import takes
from bench.cli._lookup import check_known, configure, find_setup, known_scenarios, usual_scenarios
from bench.cli._options import NOISE, AnySetupName, ScenariosFile, SetupsFile, number, option, pick_seed
from bench.cli._service import ServiceOptions
from bench.cli._terminal import note, say, short_path
from bench.gates.paired import noise_report
from bench.gates.paired.arms import Arm
from bench.gates.paired.noise import Noise, measure_noise, store_noise
from bench.gates.sides.sides import as_it_is
from bench.model.plan import Setup
from bench.plan.configuration import Configuration
from bench.report import style_sheet
from bench.report.charts import can_draw
from bench.report.svg import svg_file
from bench.report.text import render
from scenarios.model import Scenario

_SCENARIO = "noop-async"


@takes(service=ServiceOptions)
def noise(
    setup: AnySetupName = None,
    scenario: Annotated[
        str | None, option(f"Scenario to load it with [the first of your own, else {_SCENARIO}].")
    ] = None,
    duration: Annotated[
        float, typer.Option("--seconds", min=5, max=3600, metavar="SECONDS", help="Of measuring.")
    ] = 60.0,
    pairs: Annotated[int, number("Pairs of servers.", 5, 32)] = 8,
    seed: Annotated[
        int | None, option("Decides orders and random choices; drawn at random without it.", "N")
    ] = None,
    out: Annotated[Path, option("Where the figures and the chart go.", "FOLDER")] = NOISE,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    *,
    service: ServiceOptions,
) -> None:
    """Compare a server with itself: how noisy is this machine, and what could `bench ab` find in which time?

    Tries slices of several lengths, then measures how much turns and processes differ. The figures are stored with
    the machine's fingerprint; `bench ab` on the same machine says from them beforehand what it will be able to find.

    \b
    bench noise
    bench noise uvicorn --scenario db-orm-async --seconds 120
    """
    with exit_2_on_failure():
        configuration = configure(service, setups=setups, scenarios=scenarios)
        file = configuration.scenarios_file
        subject = find_setup(setup, configuration)
        workload = _pick_scenario(scenario, configuration, subject)
        side = as_it_is(subject)
        seed = pick_seed(seed)
        note(f"seed: {seed}")
        arm = Arm("base", side.setup, side.tree)
        figures = measure_noise(arm, workload, file, duration_s=duration, pairs=pairs, seed=seed, note=note)
        for table in noise_report.tables(figures):
            say(render(table))
        _write(figures, out)


def _pick_scenario(wanted: str | None, configuration: Configuration, setup: Setup) -> Scenario:
    """The scenario named, else the first of the user's file, else ours."""
    known = known_scenarios(configuration)
    name = wanted or usual_scenarios(configuration, setup, [_SCENARIO])[0]
    check_known("scenario", [name], known)
    return known[name]


def _write(figures: Noise, out: Path) -> None:
    """Write the figures and the power curves into a folder."""
    path = store_noise(figures, out)
    if not can_draw():
        note_undrawn()
        say(f"figures: {short_path(path)}")
        return
    from bench.report.charts import drawing  # not at the top: `bench noise --help` can do without matplotlib

    chart = noise_report.chart(figures)
    (out / "power.svg").write_text(
        svg_file(drawing.document(chart), style_sheet("colours.css"), chart.title), encoding="utf-8"
    )
    drawing.png(chart, out / "power.png", {})
    say(f"figures: {short_path(path)}; power curves: {short_path(out / 'power.png')}")
