from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.plan import Block, Cell, ClosedLoad, Load, OpenLoad, Plan
from bench.plan.config import load_plans
from bench.plan.order import Group, Overrides, cells, count_rounds, groups, override, without

CLOSED = ClosedLoad(32, 2.0, 0.4)
LANE = ClosedLoad(32, 0.0, 0.0)
OPEN = OpenLoad(100.0, 2.0, 0.4, arrivals="poisson", max_sessions=500)


def block(
    setups: str = "a b",
    scenarios: str = "x",
    engines: str = "native",
    loads: tuple[Load, ...] = (CLOSED,),
    rounds: int = 2,
) -> Block:
    return Block(
        tuple(setups.split()), tuple(scenarios.split()), tuple(engines.split()), loads, rounds=rounds
    )


def plan(*blocks: Block, seed: int = 1, long: bool = False) -> Plan:
    return Plan("made-up", "", blocks, seed, long=long)


names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True).map(tuple)
blocks = st.builds(
    Block,
    names,
    names,
    st.sampled_from([("native",), ("native", "locust")]),
    st.lists(st.sampled_from([CLOSED, OPEN, ClosedLoad(1, 1.0)]), min_size=1, max_size=2, unique=True).map(
        tuple
    ),
    rounds=st.integers(1, 4),
)
plans = st.builds(
    lambda found, seed, long: plan(*found, seed=seed, long=long),
    st.lists(blocks, max_size=3),
    st.integers(0, 9),
    st.booleans(),
)
alive = st.integers(1, 5)


# --- cells ---------------------------------------------------------------------------------------


def test_a_block_is_a_product_of_its_parts() -> None:
    found = cells(plan(block("a b", "x y", "native locust", (CLOSED, OPEN), 3)))
    assert len(found) == 2 * 2 * 2 * 2 * 3
    assert found[0] == Cell("a", "x", "native", LANE, repeat=0)


def test_a_cell_that_two_blocks_name_is_measured_once_in_the_most_rounds() -> None:
    found = cells(plan(block("a", rounds=2), block("a b", rounds=3), block("a", rounds=1)))
    assert sorted((cell.setup, cell.repeat) for cell in found) == [(s, r) for s in "ab" for r in range(3)]
    assert count_rounds(plan(block("a", rounds=2), block("b", rounds=3))) == 3


@pytest.mark.parametrize(
    ("engine", "load", "changes", "expected"),
    [
        ("native", CLOSED, {}, True),
        ("native", OPEN, {}, False),
        ("locust", CLOSED, {}, False),
        ("native", replace(CLOSED, think_s=0.1), {}, False),
        ("native", replace(CLOSED, shape="ramp"), {}, False),
        ("native", CLOSED, {"processes": 2}, False),
        ("native", CLOSED, {"long": True}, False),
    ],
    ids=["closed", "open", "Locust", "users that think", "a shape", "two generators", "a long plan"],
)
def test_steady_users_of_one_native_generator_are_measured_in_slices_and_nothing_else(
    engine: str, load: Load, changes: dict[str, Any], expected: bool
) -> None:
    (cell,) = cells(replace(plan(block("a", engines=engine, loads=(load,), rounds=1)), **changes))
    assert cell.in_slices is expected
    assert cell.load == (LANE if expected else load)


def test_the_length_of_a_stretch_makes_another_cell_and_no_other_lane() -> None:
    lengths = (CLOSED, replace(CLOSED, duration_s=9.0, warmup_s=0.0))
    wanted = plan(block("a", loads=lengths, rounds=1))
    assert len(cells(wanted)) == 1
    assert len(cells(replace(wanted, long=True))) == 2


# --- groups --------------------------------------------------------------------------------------


def rounds_of(drawn: Plan, most_alive: int) -> list[tuple[Group, ...]]:
    return [groups(drawn, number, most_alive) for number in range(count_rounds(drawn))]


@settings(max_examples=80, derandomize=True, deadline=None)
@given(plans, alive)
def test_groups_hold_every_cell_once_a_round(drawn: Plan, most_alive: int) -> None:
    measured: list[Cell] = []
    for number, here in enumerate(rounds_of(drawn, most_alive)):
        assert {group.round for group in here} == {number}
        for group in here:
            own = [cell for cell in group.lanes if not (group.anchor_is_guest and cell == group.anchor)]
            assert all(cell.in_slices for cell in group.lanes)
            assert not any(cell.in_slices for cell in group.stretches)
            assert {cell.setup for cell in (*group.lanes, *group.stretches)} == set(group.setups)
            measured += [*own, *group.stretches]
    assert Counter(measured) == Counter(cells(drawn))


@settings(max_examples=80, derandomize=True, deadline=None)
@given(plans, alive)
def test_no_more_servers_live_than_may_and_each_starts_once_a_round(drawn: Plan, most_alive: int) -> None:
    for here in rounds_of(drawn, most_alive):
        starts = Counter(
            setup
            for group in here
            for setup in group.setups
            if not (group.anchor_is_guest and group.anchor and setup == group.anchor.setup)
        )
        assert set(starts.values()) <= {1}
        assert all(len(set(group.setups)) == len(group.setups) <= most_alive for group in here)
        if drawn.long:
            assert all(len(group.setups) == 1 for group in here)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(plans, st.integers(2, 5))
def test_several_groups_with_lanes_share_one_anchor(drawn: Plan, most_alive: int) -> None:
    for here in rounds_of(drawn, most_alive):
        with_lanes = [group for group in here if group.lanes]
        if len(here) == 1 or drawn.long or not with_lanes:
            assert all(group.anchor is None and not group.anchor_is_guest for group in here)
            continue
        (anchor,) = {group.anchor for group in with_lanes}
        assert anchor is not None
        assert all(group.lanes.count(anchor) == 1 for group in with_lanes)
        assert [group.anchor_is_guest for group in with_lanes].count(False) == 1


def test_the_anchor_is_the_first_lane_of_the_plan() -> None:
    wide = plan(block("a b c d e", "x y", rounds=3))
    anchors = {
        (cell.setup, cell.scenario)
        for here in rounds_of(wide, 2)
        for group in here
        if (cell := group.anchor) is not None
    }
    assert anchors == {("a", "x")}
    assert [len(here) for here in rounds_of(wide, 2)] == [4] * 3, "each with the anchor and one more"


def test_one_server_at_a_time_leaves_no_room_for_an_anchor() -> None:
    for here in rounds_of(plan(block("a b c")), 1):
        assert [len(group.setups) for group in here] == [1, 1, 1]
        assert {group.anchor for group in here} == {None}


def test_all_live_at_once_where_they_may() -> None:
    (here,) = groups(plan(block("a b c", "x y")), 0, 3)
    assert (set(here.setups), len(here.lanes), here.anchor) == (set("abc"), 6, None)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(plans, alive)
def test_the_seed_alone_decides_the_order(drawn: Plan, most_alive: int) -> None:
    assert rounds_of(drawn, most_alive) == rounds_of(replace(drawn), most_alive)


def test_rounds_and_seeds_shuffle_setups_and_stretches() -> None:
    wide = plan(block("a b c d e f", "u v w x y z", loads=(OPEN,), rounds=3))
    found = [here for (here,) in rounds_of(wide, 6)]
    assert len({group.setups for group in found}) == 3
    assert len({tuple((cell.setup, cell.scenario) for cell in group.stretches) for group in found}) == 3
    (other,) = groups(replace(wide, seed=2), 0, 6)
    assert other.stretches != found[0].stretches
    assert set(other.stretches) == set(found[0].stretches)


def test_rounds_beyond_those_of_the_plan_measure_what_its_last_would() -> None:
    """A run that goes on until it is certain; what has fewer rounds than others is not measured again."""
    wanted = plan(block("a", rounds=1), block("b", rounds=2))
    (beyond,) = groups(wanted, 5, 4)
    assert [(cell.setup, cell.repeat) for cell in beyond.lanes] == [("b", 5)]


def test_no_cells_make_no_lanes() -> None:
    assert count_rounds(plan()) == 0


# --- overrides -----------------------------------------------------------------------------------

BOTH = plan(block("a b", "x", "native", (CLOSED, OPEN), 2), seed=5)


def test_nothing_given_changes_nothing() -> None:
    assert override(BOTH, Overrides()) == BOTH


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (Overrides(setups=("c",)), {"setups": ("c",)}),
        (Overrides(scenarios=("y", "z")), {"scenarios": ("y", "z")}),
        (Overrides(engines=("locust",)), {"engines": ("locust",)}),
        (Overrides(rounds=7), {"rounds": 7}),
        (Overrides(users=(1, 8)), {"loads": (ClosedLoad(1, 2.0, 0.4), ClosedLoad(8, 2.0, 0.4))}),
        (Overrides(rates=(9.0,)), {"loads": (OpenLoad(9.0, 2.0, 0.4),)}),
        (
            Overrides(users=(1,), rates=(9.0,)),
            {"loads": (ClosedLoad(1, 2.0, 0.4), OpenLoad(9.0, 2.0, 0.4))},
        ),
        (
            Overrides(stretch_s=6.0),
            {"loads": (replace(CLOSED, duration_s=6.0), replace(OPEN, duration_s=6.0))},
        ),
        (Overrides(warmup_s=0.0), {"loads": (replace(CLOSED, warmup_s=0.0), replace(OPEN, warmup_s=0.0))}),
        (Overrides(arrivals="uniform"), {"loads": (CLOSED, replace(OPEN, arrivals="uniform"))}),
        (Overrides(max_sessions=3), {"loads": (CLOSED, replace(OPEN, max_sessions=3))}),
        (Overrides(timeout_s=3.0), {"loads": (replace(CLOSED, timeout_s=3.0), replace(OPEN, timeout_s=3.0))}),
        (
            Overrides(users=(4,), rates=(9.0,), timeout_s=3.0),
            {"loads": (ClosedLoad(4, 2.0, 0.4, timeout_s=3.0), OpenLoad(9.0, 2.0, 0.4, timeout_s=3.0))},
        ),
        (Overrides(think_s=0.1), {"loads": (replace(CLOSED, think_s=0.1), OPEN)}),
        (Overrides(shape="ramp"), {"loads": (replace(CLOSED, shape="ramp"), replace(OPEN, shape="ramp"))}),
        (
            Overrides(users=(4,), think_s=0.1, shape="step"),
            {"loads": (ClosedLoad(4, 2.0, 0.4, think_s=0.1, shape="step"),)},
        ),
        (
            Overrides(rates=(9.0,), arrivals="uniform", max_sessions=3, stretch_s=1.0, warmup_s=0.1),
            {"loads": (OpenLoad(9.0, 1.0, 0.1, arrivals="uniform", max_sessions=3),)},
        ),
    ],
    ids=[
        "setups",
        "scenarios",
        "engines",
        "rounds",
        "users replace all loads",
        "rates replace all loads",
        "users and rates together",
        "length of both kinds",
        "a warm-up of zero counts as given",
        "arrivals touch open loads only",
        "max_sessions touch open loads only",
        "a time for answers",
        "new loads have it, too",
        "users alone think",
        "a shape of both kinds",
        "new users think, in their shape",
        "a new open load takes them all",
    ],
)
def test_an_override_replaces_its_own_field_and_no_other(
    given_: Overrides, expected: dict[str, object]
) -> None:
    assert override(BOTH, given_) == replace(BOTH, blocks=(replace(BOTH.blocks[0], **expected),))  # type: ignore[arg-type]


def test_a_seed_of_zero_counts_as_given() -> None:
    assert override(BOTH, Overrides(seed=0)) == replace(BOTH, seed=0)


@pytest.mark.parametrize("changes", [{"processes": 2}, {"minutes": 1.5}, {"long": True}], ids=str)
def test_what_is_a_matter_of_the_plan_leaves_its_blocks(changes: dict[str, Any]) -> None:
    assert override(BOTH, Overrides(**changes)) == replace(BOTH, **changes)


def test_a_plan_that_is_long_or_has_minutes_keeps_them() -> None:
    kept = replace(BOTH, long=True, minutes=3.0)
    assert override(kept, Overrides(seed=1)) == replace(kept, seed=1)


def test_loads_that_fall_together_are_measured_once() -> None:
    given_ = Overrides(users=(4,), setups=("a",), rounds=1)
    assert override(BOTH, given_).blocks[0].loads == (ClosedLoad(4, 2.0, 0.4),)
    assert len(cells(override(plan(block(), block("c")), given_))) == 1


def test_setups_scenarios_and_loads_given_leave_one_block_and_nothing_twice() -> None:
    """The default plan has several blocks; who names everything wants just that."""
    plan = load_plans()["default"]
    given = Overrides(
        setups=("uvicorn",), scenarios=("noop-async",), engines=("native",), users=(64,), rounds=2
    )
    assert len(cells(override(plan, given))) == 2


def test_without_a_setup_the_others_stay_and_empty_blocks_go() -> None:
    both, alone = block("a b"), block("b", "y")
    assert without(plan(both, alone), {"b"}) == plan(block("a"))
    assert without(plan(both, alone), {"c"}) == plan(both, alone)


def test_limits_that_are_given_replace_those_of_the_plan() -> None:
    mine = replace(plan(block()), fail_if=("p99>50ms",))
    assert override(mine, Overrides()).fail_if == ("p99>50ms",)
    assert override(mine, Overrides(fail_if=("rps<5", "errors>0"))).fail_if == ("rps<5", "errors>0")
