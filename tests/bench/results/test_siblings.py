from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from bench.model.facts import read_facts
from bench.model.plan import Setup
from bench.results.siblings import siblings
from tests.bench.builders import SETUPS, facts

NAMES = tuple(setup.name for setup in SETUPS)
A = Setup("a", "uvicorn", env={"APP_BENCH": "1"})


def found(attribute: str, *setups: Setup) -> tuple[tuple[str, ...], ...]:
    return siblings(read_facts(facts(*setups)).plan, attribute, [setup.name for setup in setups])


def test_the_shipped_kind_of_setups_pair_off_by_loop_parser_and_workers() -> None:
    assert found("loop", *SETUPS) == (
        ("uvicorn", "uvicorn-asyncio-httptools"),
        ("uvicorn-uvloop-h11", "uvicorn-asyncio-h11"),
    )
    assert found("http", *SETUPS) == (
        ("uvicorn", "uvicorn-uvloop-h11"),
        ("uvicorn-asyncio-httptools", "uvicorn-asyncio-h11"),
    )
    assert found("workers", *SETUPS) == (("uvicorn", "uvicorn-2"),)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (replace(A, name="b", loop="asyncio"), (("a", "b"),)),
        (replace(A, name="b", loop="asyncio", about="words", cpus=(3,)), (("a", "b"),)),
        (replace(A, name="b"), ()),
        (replace(A, name="b", loop="asyncio", workers=2), ()),
        (replace(A, name="b", loop="asyncio", env={"APP_BENCH": "1", "X": "1"}), ()),
        (replace(A, name="b", loop="asyncio", args=("--no-access-log",)), ()),
    ],
    ids=[
        "nothing else differs",
        "words and pinning do not count",
        "no difference at all",
        "workers differ too",
        "the environment differs too",
        "arguments differ too",
    ],
)
def test_siblings_differ_in_the_attribute_alone(other: Setup, expected: tuple[tuple[str, ...], ...]) -> None:
    assert found("loop", A, other) == expected


def test_the_order_in_which_keys_stand_in_the_facts_does_not_matter() -> None:
    other = dict(reversed(asdict(replace(A, name="b", loop="asyncio")).items()))
    plan = read_facts({"plan": {"setups": {"a": asdict(A), "b": other}}}).plan
    assert siblings(plan, "loop", ["a", "b"]) == (("a", "b"),)


@pytest.mark.parametrize(
    "gaps",
    [{}, {"plan": None}, {"plan": {"setups": "?"}}, {"plan": {"setups": {"uvicorn": None}}}, {"plan": []}],
    ids=["no plan", "plan of null", "setups of another kind", "a setup of null", "plan of another kind"],
)
def test_facts_with_gaps_give_no_siblings(gaps: dict[str, object]) -> None:
    assert siblings(read_facts(gaps).plan, "loop", NAMES) == ()
