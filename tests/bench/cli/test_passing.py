"""Words after `--` are for another program: none of them is read as an argument of the command."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from bench.cli._passing import PassingCommand, passing


@passing
def greet(context: typer.Context, name: str = typer.Argument("nobody"), loud: bool = False) -> None:
    """Greet somebody."""
    typer.echo(f"{name} {loud} {list(context.obj)}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nobody False []"),
        (["ada", "--loud"], "ada True []"),
        (["--"], "nobody False []"),
        (["--", "ada", "--loud"], "nobody False ['ada', '--loud']"),
        (["ada", "--", "--run-time", "1m", "--", "x"], "ada False ['--run-time', '1m', '--', 'x']"),
    ],
)
def test_the_words_are_kept_apart(words: list[str], said: str) -> None:
    app = typer.Typer()
    app.command(cls=greet.kind)(greet)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout.strip()) == (0, said)


def test_the_help_says_that_there_may_be_words() -> None:
    app = typer.Typer()
    app.command(cls=PassingCommand)(greet)
    assert "[-- OPTIONS]" in CliRunner().invoke(app, ["--help"]).stdout
