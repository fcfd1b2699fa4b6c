from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.plan import Block, Cell, ClosedLoad, Load, OpenLoad, Plan
from bench.plan.config import load_plans
from bench.plan.order import Overrides, cells, override, visits, without

CLOSED = ClosedLoad(32, 2.0, 0.4)
OPEN = OpenLoad(100.0, 2.0, 0.4, arrivals="poisson", max_sessions=500)


def block(
    setups: str = "a b",
    scenarios: str = "x",
    engines: str = "native",
    loads: tuple[Load, ...] = (CLOSED,),
    repeats: int = 2,
) -> Block:
    return Block(
        tuple(setups.split()), tuple(scenarios.split()), tuple(engines.split()), loads, repeats=repeats
    )


def plan(*blocks: Block, seed: int = 1) -> Plan:
    return Plan("made-up", "", blocks, seed)


names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True).map(tuple)
blocks = st.builds(
    Block,
    names,
    names,
    st.sampled_from([("native",), ("native", "locust")]),
    st.lists(st.sampled_from([CLOSED, OPEN, ClosedLoad(1, 1.0)]), min_size=1, max_size=2, unique=True).map(
        tuple
    ),
    repeats=st.integers(1, 4),
)
plans = st.builds(
    lambda found, seed: plan(*found, seed=seed), st.lists(blocks, max_size=3), st.integers(0, 9)
)


def test_a_block_is_a_product_of_its_parts() -> None:
    found = cells(plan(block("a b", "x y", "native locust", (CLOSED, OPEN), 3)))
    assert len(found) == 2 * 2 * 2 * 2 * 3
    assert found[0] == Cell("a", "x", "native", CLOSED, repeat=0)


def test_a_cell_that_two_blocks_name_is_measured_once_with_the_most_repeats() -> None:
    found = cells(plan(block("a", repeats=2), block("a b", repeats=3), block("a", repeats=1)))
    assert sorted((cell.setup, cell.repeat) for cell in found) == [(s, r) for s in "ab" for r in range(3)]


def test_the_same_users_for_another_time_are_another_cell() -> None:
    longer = replace(CLOSED, duration_s=9.0)
    assert len(cells(plan(block("a", loads=(CLOSED, longer), repeats=1)))) == 2


@settings(max_examples=60, derandomize=True, deadline=None)
@given(plans)
def test_visits_hold_every_cell_once_in_rounds(drawn: Plan) -> None:
    found = visits(drawn)
    assert Counter(cell for visit in found for cell in visit.cells) == Counter(cells(drawn))
    assert [visit.repeat for visit in found] == sorted(visit.repeat for visit in found)
    assert all(
        (cell.setup, cell.repeat) == (visit.setup, visit.repeat) for visit in found for cell in visit.cells
    )
    starts = Counter((visit.setup, visit.repeat) for visit in found)
    assert set(starts.values()) <= {1}, "one start of a server a round"


@settings(max_examples=30, derandomize=True, deadline=None)
@given(plans)
def test_the_seed_alone_decides_the_order(drawn: Plan) -> None:
    assert visits(drawn) == visits(replace(drawn))
    other = visits(replace(drawn, seed=(drawn.seed or 0) + 1))
    assert Counter(cell for visit in other for cell in visit.cells) == Counter(cells(drawn))


def test_every_setup_is_in_every_round() -> None:
    found = visits(plan(block("a b c d", repeats=4)))
    assert [{visit.setup for visit in found if visit.repeat == repeat} for repeat in range(4)] == [
        set("abcd")
    ] * 4


def test_rounds_and_seeds_shuffle_setups_and_cells() -> None:
    wide = plan(block("a b c d e f", "u v w x y z", repeats=3))
    orders = [[visit.setup for visit in visits(wide) if visit.repeat == repeat] for repeat in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert visits(wide) != visits(replace(wide, seed=2))
    insides = {tuple(cell.scenario for cell in visit.cells) for visit in visits(wide)}
    assert len(insides) > 10, "of 18 visits, hardly two have the same of 720 orders"


def test_no_cells_make_no_visits() -> None:
    assert visits(plan()) == ()


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
        (Overrides(repeats=7), {"repeats": 7}),
        (Overrides(users=(1, 8)), {"loads": (ClosedLoad(1, 2.0, 0.4), ClosedLoad(8, 2.0, 0.4))}),
        (Overrides(rates=(9.0,)), {"loads": (OpenLoad(9.0, 2.0, 0.4),)}),
        (
            Overrides(users=(1,), rates=(9.0,)),
            {"loads": (ClosedLoad(1, 2.0, 0.4), OpenLoad(9.0, 2.0, 0.4))},
        ),
        (
            Overrides(duration_s=6.0),
            {"loads": (replace(CLOSED, duration_s=6.0), replace(OPEN, duration_s=6.0))},
        ),
        (Overrides(warmup_s=0.0), {"loads": (replace(CLOSED, warmup_s=0.0), replace(OPEN, warmup_s=0.0))}),
        (Overrides(arrivals="uniform"), {"loads": (CLOSED, replace(OPEN, arrivals="uniform"))}),
        (Overrides(max_sessions=3), {"loads": (CLOSED, replace(OPEN, max_sessions=3))}),
        (Overrides(think_s=0.1), {"loads": (replace(CLOSED, think_s=0.1), OPEN)}),
        (Overrides(shape="ramp"), {"loads": (replace(CLOSED, shape="ramp"), replace(OPEN, shape="ramp"))}),
        (
            Overrides(users=(4,), think_s=0.1, shape="step"),
            {"loads": (ClosedLoad(4, 2.0, 0.4, think_s=0.1, shape="step"),)},
        ),
        (
            Overrides(rates=(9.0,), arrivals="uniform", max_sessions=3, duration_s=1.0, warmup_s=0.1),
            {"loads": (OpenLoad(9.0, 1.0, 0.1, arrivals="uniform", max_sessions=3),)},
        ),
    ],
    ids=[
        "setups",
        "scenarios",
        "engines",
        "repeats",
        "users replace all loads",
        "rates replace all loads",
        "users and rates together",
        "duration of both kinds",
        "a warm-up of zero counts as given",
        "arrivals touch open loads only",
        "max_sessions touch open loads only",
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


def test_several_generators_are_a_matter_of_the_plan() -> None:
    assert override(BOTH, Overrides(processes=2)) == replace(BOTH, processes=2)


def test_loads_that_fall_together_are_measured_once() -> None:
    given_ = Overrides(users=(4,), setups=("a",), repeats=1)
    assert override(BOTH, given_).blocks[0].loads == (ClosedLoad(4, 2.0, 0.4),)
    assert len(cells(override(plan(block(), block("c")), given_))) == 1


def test_setups_scenarios_and_loads_given_leave_one_block_and_nothing_twice() -> None:
    """The default plan has several blocks; who names everything wants just that."""
    plan = load_plans()["default"]
    given = Overrides(
        setups=("uvicorn",), scenarios=("noop-async",), engines=("native",), users=(64,), repeats=2
    )
    assert len(cells(override(plan, given))) == 2


def test_without_a_setup_the_others_stay_and_empty_blocks_go() -> None:
    both, alone = block("a b"), block("b", "y")
    assert without(plan(both, alone), {"b"}) == plan(block("a"))
    assert without(plan(both, alone), {"c"}) == plan(both, alone)
