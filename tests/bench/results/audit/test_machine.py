"""Caveats of the machine and the generator: a figure that shows each, and one just inside its limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.results.audit.audited import (
    QUIET,
    found,
    shared,
    stopped,
    workers,
)


@pytest.mark.parametrize(
    ("code", "outside", "inside"),
    [
        ("generator-saturated", {"cpu_share": 0.801}, {"cpu_share": 0.80}),
        (
            "steal",
            {"resources": replace(QUIET, steal_share=0.021)},
            {"resources": replace(QUIET, steal_share=0.02)},
        ),
        ("other-load", {"resources": shared(0.11)}, {"resources": shared(0.10)}),
        ("uneven-workers", {"resources": workers(626, 374)}, {"resources": workers(625, 375)}),
        ("uneven-workers", {"resources": workers(1000, 0)}, {"resources": workers(1000)}),
        ("uneven-workers", {"resources": workers(400, 300, 200)}, {"resources": workers(None, None, None)}),
        ("not-pinned", {"resources": replace(QUIET, cpus=())}, {"resources": QUIET}),
        ("generator-stalled", {"stalled_share": 0.011}, {"stalled_share": 0.01}),
        ("generator-stalled", {"run_wait_share": 0.051}, {"run_wait_share": 0.05}),
        ("generator-stalled", {"run_wait_share": 0.2}, {"run_wait_share": None}),
        ("generator-stalled", {"steal_share": 0.021}, {"steal_share": 0.02}),
        ("generator-stalled", {"imported": ("numpy.ma",)}, {"imported": ()}),
        ("throttled", {"resources": stopped(0.0021)}, {"resources": stopped(0.002)}),
        (
            "one-cpu",
            {"resources": replace(QUIET, cpus=(), shared="cpu")},
            {"resources": replace(QUIET, cpus=())},
        ),
        ("shared-core", {"resources": replace(QUIET, shared="core")}, {"resources": QUIET}),
    ],
    ids=[
        "above 80 % of the generator's core",
        "above 2 % of the CPUs",
        "above a tenth of the CPUs",
        "above 1.25 times an even share",
        "one worker does it all, against one worker alone",
        "three workers, against workers that do not tell",
        "no CPUs of their own",
        "the generator's loop was late for more than 1 %",
        "it waited for a CPU for more than 5 %",
        "against a system that does not say",
        "its CPUs were stolen",
        "it loaded modules",
        "a quota stopped it for more than a thousandth",
        "the only CPU, against none that are pinned",
        "two threads of one core",
    ],
)
def test_a_caveat_of_the_machine_shows_just_outside_its_limit_and_not_just_inside(
    code: str, outside: dict[str, object], inside: dict[str, object]
) -> None:
    assert code in found(**outside)  # type: ignore[arg-type]
    assert code not in found(**inside)  # type: ignore[arg-type]
