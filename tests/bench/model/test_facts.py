from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path

import pytest

from bench.measure import runner
from bench.measure.store import RunFolder, read_run
from bench.measure.workbench import Workbench
from bench.model.facts import (
    CapacityFacts,
    ConfirmationFacts,
    CpuFacts,
    EnvironmentFacts,
    RunFacts,
    ScalingFacts,
    SetupFacts,
    read_facts,
)
from bench.model.service import GitFacts, service_of
from bench.plan.config import load_plans, load_setups
from scenarios import SCENARIOS
from tests.bench.capacity.searches import CAPACITY

SAMPLE = Path(__file__).parents[3] / "reports" / "sample"
SCALING = {
    "setup": "a",
    "scenario": "noop-async",
    "cpus": 4,
    "throughput_rps": {"1": 1000.0},
    "lambda_rps": 1000.0,
    "sigma": 0.1,
    "kappa": 0.0,
    "peak_workers": None,
    "held_back_by": "contention",
}
SERVICE = {
    "name": "shop",
    "setups": ["uvicorn"],
    "git": {"commit": "2b0dfca", "dirty": True},
    "python": "CPython 3.13.1",
    "packages": {"fastapi": "0.115.0"},
}
NOT_WRITTEN = frozenset({"machine", "compiler", "by_hand"})
"""Of a host, pytest-benchmark alone tells of two of them; of a plan, a test in Locust of one."""


def as_json(facts: object) -> object:
    return json.loads(json.dumps(facts))


def typed(facts: object) -> object:
    """What the fields of typed facts say, as JSON has it."""
    if isinstance(facts, SetupFacts):
        return dict(facts.fields)
    if is_dataclass(facts):
        return {
            one.name: typed(getattr(facts, one.name))
            for one in fields(facts)
            if one.name not in NOT_WRITTEN | {"source"}
        }
    if isinstance(facts, Mapping):
        return {name: typed(value) for name, value in facts.items()}
    return list(map(typed, facts)) if isinstance(facts, tuple) else facts


def written_today(tmp_path: Path) -> dict[str, object]:
    """Everything that today's code writes, by way of the file."""
    plan = load_plans(None)["smoke"]
    folder = RunFolder(
        tmp_path / "run", runner.facts("run", plan, Workbench(setups=load_setups(None), scenarios=SCENARIOS))
    )
    folder.add_facts(
        left_out={"go-net-http": "go is not installed"}, capacity=CAPACITY | {"knee_per_s": None}
    )
    folder.add_facts(services_under_test=[SERVICE])
    folder.add_facts(scaling=SCALING, finished=True, took_s=4.2, rounds=2, interrupted=True)
    told: dict[str, object] = json.loads((tmp_path / "run" / "run.json").read_text())
    return told


def test_what_today_s_code_writes_is_read_field_by_field_and_kept_as_it_is(tmp_path: Path) -> None:
    """A field that is written and has no place in the model would show here."""
    told = written_today(tmp_path)
    facts = read_run(tmp_path / "run").facts
    assert as_json(typed(facts)) == told
    assert facts.source == told
    assert as_json(dict(facts.source)) == told


def test_the_facts_of_the_sample_are_read_and_kept() -> None:
    told = json.loads((SAMPLE / "run.json").read_text())
    facts = read_run(SAMPLE).facts
    known = as_json(typed(facts))
    assert isinstance(known, dict)
    known["plan"] = {name: known["plan"][name] for name in told["plan"]}  # from before its variants were kept
    assert {name: known[name] for name in told} == told
    assert facts.source == told


def test_what_is_missing_is_told_from_what_is_empty() -> None:
    old = read_facts({"plan": {"name": "default"}, "cpus": {"server": []}, "host": {}, "environment": {}})
    assert (old.host, old.environment, old.capacity, old.scaling) == (None, None, None, None)
    assert old.cpus == CpuFacts(server=(), generator=None)
    assert (old.plan.name, old.plan.about, old.plan.setups) == ("default", None, {})
    assert read_facts({"environment": {"dotenv": False}}).environment == EnvironmentFacts({}, dotenv=False)
    assert read_facts({}) == RunFacts()


@pytest.mark.parametrize(
    "source", [None, [], "x", {"host": 3, "plan": [], "cpus": None, "seed": "x"}], ids=str
)
def test_facts_of_another_type_are_missing(source: object) -> None:
    facts = read_facts(source)
    assert (facts.host, facts.cpus, facts.seed, facts.plan.name) == (None, CpuFacts(), None, None)
    assert dict(facts.plan.setup("uvicorn").fields) == {}


def test_fields_that_this_version_does_not_know_are_kept() -> None:
    assert read_facts({"moon": "full", "seed": 3}).source == {"moon": "full", "seed": 3}


def test_setups_as_a_list_are_found_by_their_names() -> None:
    plan = read_facts({"plan": {"setups": [{"name": "a", "loop": "uvloop"}]}}).plan
    assert {name: setup.fields for name, setup in plan.setups.items()} == {
        "a": {"name": "a", "loop": "uvloop"}
    }


def test_a_setup_is_read_by_its_fields() -> None:
    setup = SetupFacts({"workers": 2, "loop": "asyncio", "services": ["postgres"], "env": {"A": "1"}})
    assert (setup.workers, setup.loop, setup.services, setup.env) == (2, "asyncio", ("postgres",), {"A": "1"})
    gaps = SetupFacts({"workers": "two", "loop": None, "services": None, "env": None})
    assert (gaps.workers, gaps.loop, gaps.services, dict(gaps.env)) == (None, None, (), {})


def test_the_parts_of_a_search_and_of_a_scaling_run_are_typed() -> None:
    facts = read_facts({"capacity": CAPACITY, "scaling": SCALING})
    assert isinstance(facts.capacity, CapacityFacts)
    assert facts.capacity.confirmations[1] == ConfirmationFacts(600.0, 0, 2, 12.0)
    assert facts.scaling is not None
    assert asdict(facts.scaling) == SCALING
    assert read_facts({"scaling": {"setup": "a"}}).scaling == ScalingFacts(setup="a")


def test_a_plan_knows_groups_and_variants_and_older_runs_have_them_in_the_name() -> None:
    plan = read_facts({"plan": {"variants": {"checkout-v2": ["checkout", "async"], "odd": ["one"]}}}).plan
    assert plan.variants == {"checkout-v2": ("checkout", "async")}
    assert plan.variant("checkout-v2") == ("checkout", "async")
    assert (plan.variant("db-orm-async"), plan.variant("ping")) == (("db-orm", "async"), ("ping", "ping"))


def test_a_setup_knows_its_service_where_it_has_one() -> None:
    services = [SERVICE, {"name": "cart", "setups": ["x"]}, {"setups": ["y"]}, 3]
    known = read_facts({"services_under_test": services}).services_under_test
    found = service_of("uvicorn", known)
    assert found is not None
    assert (found.name, found.git, found.python) == ("shop", GitFacts("2b0dfca", True), "CPython 3.13.1")
    cart = service_of("x", known)
    assert cart is not None
    assert (cart.git, cart.python, cart.packages) == (None, None, {})
    assert service_of("y", known) is None
    assert read_facts({}).services_under_test == ()


def test_secrets_of_a_run_of_before_are_masked_when_it_is_read() -> None:
    setup = {
        "name": "a",
        "env": {"APP_SECRET": "hush-hush", "MONKEY": "x"},
        "args": ["--token", "t", "hush-hush"],
    }
    facts = read_facts({"plan": {"setups": {"a": setup}}, "environment": {"settings": {"APP_KEY": "hush"}}})
    assert facts.plan.setup("a").env == {"APP_SECRET": "***", "MONKEY": "x"}
    assert facts.plan.setup("a").fields["args"] == ["--token", "***", "***"]
    assert "hush" not in str(facts.source)
