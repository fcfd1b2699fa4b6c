"""A group of options: on the command line each is an option, in the command they are one value."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from bench.cli._groups import takes


@dataclass(frozen=True)
class Size:
    """How large."""

    width: Annotated[int, typer.Option(help="Across.")] = 1
    height: Annotated[int, typer.Option(help="Up.")] = 2


@dataclass(frozen=True)
class Colour:
    """Which colour."""

    colour: Annotated[str, typer.Option(help="Its name.")] = "red"


@takes(size=Size, paint=Colour)
def draw(name: str, *, size: Size, paint: Colour) -> None:
    """Draw something."""
    typer.echo(f"{name} {size.width}x{size.height} {paint.colour}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["box"], "box 1x2 red"),
        (["box", "--height", "9", "--colour", "blue"], "box 1x9 blue"),
    ],
)
def test_each_field_is_an_option_with_its_default(words: list[str], said: str) -> None:
    app = typer.Typer()
    app.command()(draw)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout.strip()) == (0, said)


def test_the_command_keeps_its_name_and_its_docstring() -> None:
    assert (draw.__name__, inspect.getdoc(draw)) == ("draw", "Draw something.")
    assert list(inspect.signature(draw).parameters) == ["name", "width", "height", "colour"]
