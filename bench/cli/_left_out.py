"""What of a plan cannot be measured on this machine, and is left out with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.cli._terminal import note
from bench.errors import UsageError
from bench.model.plan import Plan, Setup
from bench.plan.order import cells, without
from bench.system import extras, host


def leave_out(
    plan: Plan, setups: Mapping[str, Setup], lacking: Mapping[str, str]
) -> tuple[Plan, dict[str, str]]:
    """The plan without the setups that need a program this machine lacks, and why each is left out.

    The reasons of those that are `lacking` already are added.
    """
    names = dict.fromkeys(cell.setup for cell in cells(plan))
    left_out = {**lacking, **host.missing_programs(setups[name] for name in names)}
    for name, why in left_out.items():
        note(f"setup '{name}' is left out: {why}")
    plan = without(plan, left_out)
    if not plan.blocks:
        raise UsageError("there is no setup left to measure")
    return plan, left_out


def drop_locust(plan: Plan) -> Plan:
    """The plan without the cells of Locust, where it is not installed and nobody asked for it."""
    sentence = extras.left_out("locust", "cells of Locust")
    if sentence is None or not any(cell.engine.startswith("locust") for cell in cells(plan)):
        return plan
    note(sentence)
    blocks = (
        replace(block, engines=tuple(name for name in block.engines if not name.startswith("locust")))
        for block in plan.blocks
    )
    return replace(plan, blocks=tuple(block for block in blocks if block.engines))
