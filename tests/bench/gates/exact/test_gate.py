"""The rules of the gate, with figures by hand: what is measured again, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.errors import GateError
from bench.gates.exact.counter import InstructionCounts
from bench.gates.exact.figures import Figure
from bench.gates.exact.gate import compare_arms, scenarios_only_in_base
from bench.gates.exact.program import CountingArm, CountingPlan
from bench.inside._fastapi_bench_exact.job import CountingResult
from bench.model.change import Change
from bench.model.plan import Setup
from bench.system.revisions import Tree

THRESHOLD = 0.002
TREE = Tree(Path("tree"), "a tree", Path("tree"))
ARMS = (CountingArm("base", TREE), CountingArm("head", TREE))
PLAN = CountingPlan(setup=Setup("mine", "uvicorn", app="my_app:app"), scenarios=("a", "b"))

Counts = Mapping[str, float]


@dataclass
class MadeUpCounter:
    """Gives what it was given, measurement by measurement: base and head, by name of an endpoint."""

    rounds: Sequence[tuple[Counts, Counts]]
    symbols: tuple[bool, bool] = (True, True)
    missing: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    borrowed: tuple[str, ...] = ()
    asked: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    explained: list[tuple[str, ...]] = field(default_factory=list)

    def count(
        self, plan: CountingPlan, arms: Sequence[CountingArm], hash_seed: int = 0
    ) -> list[InstructionCounts]:
        assert [arm.name for arm in arms] == ["base", "head"]
        given = self.rounds[len(self.asked)]
        self.asked.append((plan.scenarios, hash_seed))
        return [
            InstructionCounts(
                CountingResult(1, {}, missing, self.borrowed),
                {name: Figure((count,) * 10) for name, count in counts.items()},
                Path("nowhere"),
                symbols,
            )
            for counts, symbols, missing in zip(given, self.symbols, self.missing, strict=True)
        ]

    def reasons(
        self,
        plan: CountingPlan,
        arms: Sequence[CountingArm],
        counts: Sequence[InstructionCounts],
        changes: Sequence[Change],
    ) -> Mapping[str, tuple[str, ...]]:
        self.explained.append(plan.scenarios)
        return {change.name: ("a reason",) for change in changes}


def judge(counter: MadeUpCounter, plan: CountingPlan = PLAN) -> tuple[dict[str, str | None], tuple[str, ...]]:
    changes, notes = compare_arms(plan, counter, ARMS, THRESHOLD, lambda _: None)
    return {change.name: change.verdict for change in changes}, notes


def test_what_has_not_changed_is_measured_once() -> None:
    counter = MadeUpCounter([({"a": 1000, "b": 500}, {"a": 1001, "b": 500})])
    assert judge(counter) == ({"a": "no change", "b": "no change"}, ())
    assert (counter.asked, counter.explained) == ([(("a", "b"), 0)], [])


@pytest.mark.parametrize(
    ("again", "verdict", "ratio"),
    [
        pytest.param(1010, "regressed", 1.01, id="the same"),
        # Twenty blocks 0.005 from their median: 3 x 1.2533 x 1.4826 x 0.005 / root of 20 is 0.62 %, more than 0.5 %.
        pytest.param(1000, "no change", 1.005, id="nothing"),
        # 0.015 from it: 1.87 % is more than five thresholds.
        pytest.param(980, "inconclusive", 0.995, id="the opposite"),
    ],
)
def test_a_suspicion_is_measured_again_alone_with_other_hashes_and_judged_with_both(
    again: float, verdict: str, ratio: float
) -> None:
    counter = MadeUpCounter([({"a": 1000, "b": 500}, {"a": 1010, "b": 500}), ({"a": 1000}, {"a": again})])
    changes, _ = compare_arms(PLAN, counter, ARMS, THRESHOLD, lambda _: None)
    assert [change.verdict for change in changes] == [verdict, "no change"]
    assert changes[0].ratio == pytest.approx(ratio)
    (first, hashes), (second, others) = counter.asked
    assert (first, second, hashes != others) == (("a", "b"), ("a",), True)
    assert counter.explained == ([("a",)] if verdict == "regressed" else [])


def test_an_improvement_is_confirmed_as_well() -> None:
    fewer = ({"a": 1000}, {"a": 900})
    counter = MadeUpCounter([fewer, fewer])
    assert judge(counter, PLAN.only(("a",)))[0] == {"a": "improved"}
    assert len(counter.asked) == 2


def test_one_endpoint_that_changed_has_its_scenario_measured_again_and_gets_the_reason() -> None:
    base, head = (
        {"a: GET /x": 100.0, "a: GET /y": 100.0, "b": 9.0},
        {"a: GET /x": 110.0, "a: GET /y": 100.0, "b": 9.0},
    )
    again = [{name: count for name, count in side.items() if name != "b"} for side in (base, head)]
    counter = MadeUpCounter([(base, head), (again[0], again[1])])
    changes, _ = compare_arms(PLAN, counter, ARMS, THRESHOLD, lambda _: None)
    assert [scenarios for scenarios, _ in counter.asked] == [("a", "b"), ("a",)]
    assert changes[0].why == ("a reason",)


def test_the_first_measurement_stays_where_the_second_has_nothing() -> None:
    counter = MadeUpCounter([({"a": 1000}, {"a": 1100}), ({}, {})])
    assert judge(counter)[0] == {"a": "regressed"}


@pytest.mark.parametrize(
    ("symbols", "head", "verdict"),
    [
        pytest.param((False, False), 1014, "no change", id="three times 0.5 % is luck"),
        pytest.param((False, False), 1016, "regressed", id="more is none"),
        pytest.param((True, False), 1014, "regressed", id="symbols in the base"),
        pytest.param((False, True), 1014, "regressed", id="symbols in the head"),
    ],
)
def test_without_symbols_luck_counts_as_noise(symbols: tuple[bool, bool], head: float, verdict: str) -> None:
    once = ({"a": 1000.0}, {"a": head})
    counter = MadeUpCounter([once, once], symbols)
    found, notes = judge(counter)
    assert found == {"a": verdict}
    assert any("without symbols" in note for note in notes) == (not symbols[1])


def test_what_the_base_lacks_is_inconclusive_noted_and_not_measured_again() -> None:
    counter = MadeUpCounter([({}, {"a": 1000})], missing=({"a": "GET /a is not found"}, {}))
    assert judge(counter) == ({"a": "inconclusive"}, ("Missing in base, scenario a: GET /a is not found.",))
    assert len(counter.asked) == 1


def test_what_the_head_lacks_is_a_failure() -> None:
    counter = MadeUpCounter([({"a": 1000}, {})], missing=({}, {"a": "GET /a is not found"}))
    with pytest.raises(GateError, match="scenario 'a': GET /a is not found"):
        judge(counter)


def test_what_a_version_borrowed_is_noted_for_each() -> None:
    counter = MadeUpCounter(
        [({"a": 1}, {"a": 1})], borrowed=("lib/a.py", *(f"{number}.py" for number in range(6)))
    )
    notes = judge(counter)[1]
    assert [note.split(" imports ")[0] for note in notes] == ["The base", "The head"]
    assert all("lib/a.py, 0.py, 1.py, 2.py, 3.py and 2 more from" in note for note in notes)


def test_costly_scenarios_that_were_left_out_are_noted() -> None:
    plan = CountingPlan(setup=PLAN.setup, scenarios=("a",), left_out=("dear",))
    assert "dear" in judge(MadeUpCounter([({"a": 1}, {"a": 1})]), plan)[1][0]


TABLE = """
from scenarios.model import Request, Scenario
from scenarios.single import Always
import helper
print("hello", end="")
SCENARIOS = {name: Scenario(name, Always(Request("GET", "/"))) for name in helper.NAMES}
"""


@pytest.fixture
def load(tmp_path: Path) -> Path:
    """A folder of scenarios of the user, in a repository whose base has more of them; its app lies elsewhere."""
    for side, names in (("user", ("a", "b", "dear")), ("base", ("a", "dear", "gone", "lost"))):
        folder = tmp_path / side / "load"
        folder.mkdir(parents=True)
        (tmp_path / side / "service").mkdir()
        (folder / "helper.py").write_text(f"NAMES = {names!r}")
        (folder / "mine.py").write_text(TABLE)
    return tmp_path / "user" / "load"


def base_of(root: Path) -> Tree:
    return Tree(root / "service", "base", root)


def test_scenarios_that_only_the_base_has_are_missed_wherever_the_file_lies(
    load: Path, tmp_path: Path
) -> None:
    plan = CountingPlan(
        setup=PLAN.setup, scenarios=("a", "b"), scenarios_file=load / "mine.py", left_out=("dear",)
    )
    assert scenarios_only_in_base(plan, base_of(tmp_path / "base"), tmp_path / "user") == ["gone", "lost"]


def test_a_file_that_the_base_has_not_and_one_outside_of_the_repository_miss_none(
    load: Path, tmp_path: Path
) -> None:
    plan = CountingPlan(setup=PLAN.setup, scenarios=("a",), scenarios_file=load / "mine.py")
    assert scenarios_only_in_base(plan, base_of(tmp_path / "base"), tmp_path / "user" / "service") == []
    (tmp_path / "base" / "load" / "mine.py").unlink()
    assert scenarios_only_in_base(plan, base_of(tmp_path / "base"), tmp_path / "user") == []


def test_a_table_of_the_base_that_cannot_be_read_is_a_failure(load: Path, tmp_path: Path) -> None:
    (tmp_path / "base" / "load" / "helper.py").write_text("raise RuntimeError('no such luck')")
    plan = CountingPlan(setup=PLAN.setup, scenarios=("a",), scenarios_file=load / "mine.py")
    with pytest.raises(GateError, match="no such luck"):
        scenarios_only_in_base(plan, base_of(tmp_path / "base"), tmp_path / "user")
