"""Options for another program, which come after `--`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class PassingCommand(TyperCommand):
    """A command that keeps the words after `--` apart, unread, as `obj` of its context.

    Otherwise the first of them would be taken for an argument of the command that was left out.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        place = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[place + 1 :])
        return super().parse_args(ctx, args[:place])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- OPTIONS]"]


def passing(command: Any) -> Any:
    """Mark a command whose words after `--` are for another program; its parameter of the context holds them."""
    command.kind = PassingCommand
    return command
