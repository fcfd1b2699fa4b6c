"""Setups and engines that this machine lacks are left out of a plan, each with its reason."""

from __future__ import annotations

import pytest

from bench.cli._left_out import drop_locust, leave_out
from bench.errors import UsageError
from bench.model.plan import Block, ClosedLoad, Plan, Setup

SETUPS = {
    "here": Setup("here", "uvicorn"),
    "elsewhere": Setup("elsewhere", "command", command=("x",), needs="no-such-program-9"),
}


def plan(*names: str) -> Plan:
    return Plan("mine", "", (Block(names, ("ping",), ("native",), (ClosedLoad(8, 0.0),), rounds=2),))


def test_a_setup_whose_program_is_missing_is_left_out_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    left, why = leave_out(plan("here", "elsewhere"), SETUPS, {})
    assert [block.setups for block in left.blocks] == [("here",)]
    assert list(why) == ["elsewhere"]
    assert "no-such-program-9" in why["elsewhere"]
    assert "setup 'elsewhere' is left out" in capsys.readouterr().err


def test_what_is_lacking_already_is_said_as_well() -> None:
    left, why = leave_out(plan("here"), SETUPS, {"granian-1": "no granian"})
    assert (left, why) == (plan("here"), {"granian-1": "no granian"})


def test_a_plan_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(UsageError, match="no setup left"):
        leave_out(plan("elsewhere"), SETUPS, {})


def test_with_locust_installed_its_cells_stay() -> None:
    assert drop_locust(plan("here")) == plan("here")
