"""Options that commands share: their bounds and their metavariables, and the seed."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from bench.cli._options import number, option, pick_seed, port_number, seconds

app = typer.Typer()


@app.command()
def command(
    name: str = option("A name."),
    count: int = number("A count.", 2, 4),
    length: float = seconds("A length.", 0.5),
    port: int = port_number("A port."),
) -> None:
    print(name, count, length, port)


WITHIN = ["--name", "a", "--count", "2", "--length", "0.5", "--port", "0"]


@pytest.mark.parametrize(
    ("option", "value", "status"),
    [
        ("--count", "2", 0),
        ("--count", "1", 2),
        ("--count", "5", 2),
        ("--length", "0.4", 2),
        ("--length", "86400", 0),
        ("--length", "86401", 2),
        ("--port", "65535", 0),
        ("--port", "65536", 2),
        ("--port", "-1", 2),
    ],
)
def test_a_figure_outside_of_its_bounds_is_wrong_usage(option: str, value: str, status: int) -> None:
    done = CliRunner().invoke(app, [*WITHIN, option, value])
    assert done.exit_code == status, done.output


def test_a_seed_that_is_given_is_kept_and_one_is_drawn_without() -> None:
    assert (pick_seed(0), pick_seed(7)) == (0, 7)
    drawn = {pick_seed(None) for _ in range(20)}
    assert len(drawn) > 15
    assert all(1 <= seed < 2**31 for seed in drawn)
