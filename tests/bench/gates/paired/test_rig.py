"""The rig of real servers: which answers of a pair are wrong, and what a pair and the gate share."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import GateError
from bench.gates.paired.arms import Arm
from bench.gates.paired.caveats import Conditions
from bench.gates.paired.design import CONTROL, PairedPlan, TurnPlan
from bench.gates.paired.rig import Faults, LookResult, Servers, merge
from bench.machine.generators import RAW
from bench.model.plan import Setup
from bench.system import host
from bench.system.processes import Processes
from bench.system.revisions import Tree
from scenarios.model import Request, Scenario
from scenarios.single import Always
from tests.bench import tiny
from tests.bench.gates.paired.rig import pair

APP = tiny.APP + "async def answer(path):\n    return (200 if path in KNOWN else 404), b'hello'\n"


def arm(name: str, folder: Path, *known: str) -> Arm:
    tree = folder / name
    tree.mkdir()
    (tree / "my_app.py").write_text(f"KNOWN = {('/', *known)!r}\n{APP}")
    setup = Setup("mine", "uvicorn", app="my_app:app", health="/")
    return Arm(name, setup, Tree(tree, name, tree))


def plan(base: Arm, head: Arm) -> PairedPlan:
    scenarios = {name: Scenario(name, Always(Request("GET", f"/{name}"))) for name in ("kept", "gone", "new")}
    return PairedPlan(
        base=base,
        head=head,
        scenarios=scenarios,
        control=RAW,
        control_scenario=Scenario("ping", Always(Request("GET", "/bench/ping"))),
        pairs=1,
        users=1,
        seed=1,
    )


def test_a_rehearsal_tells_who_answers_wrongly_and_loads_what_the_base_serves(
    processes: Processes, tmp_path: Path
) -> None:
    base, head = arm("base", tmp_path, "/kept", "/gone"), arm("head", tmp_path, "/kept", "/new")
    found = Servers(plan(base, head), processes, (), (), lambda _: None).rehearse(7)
    assert found.faults["kept"] == Faults()
    assert (found.faults["gone"].base, found.faults["new"].head) == (None, None)
    assert "status-404" in str(found.faults["gone"].head)
    assert "status-404" in str(found.faults["new"].base)
    assert set(found.rates_per_s) == {"kept", "gone", CONTROL}
    assert min(found.rates_per_s.values()) > 0
    assert found.start_s > 0


def test_faults_are_looked_for_in_each_fresh_pair_of_the_scenarios_named(
    processes: Processes, tmp_path: Path
) -> None:
    base, head = arm("base", tmp_path, "/gone"), arm("head", tmp_path)
    before = processes.children
    found = Servers(plan(base, head), processes, (), (), lambda _: None).find_faults(["gone"], [1, 2])
    assert [(fault.base, bool(fault.head)) for fault in found["gone"]] == [(None, True)] * 2
    assert set(found) == {"gone"}
    assert processes.children == before


@pytest.mark.parametrize(("room", "batches"), [(32, [12]), (9, [4, 8]), (1, [4, 4, 4])])
def test_no_more_servers_live_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, batches: list[int]
) -> None:
    """Three pairs of two servers, and as many of the control."""
    monkeypatch.setattr(host, "room_for_servers", lambda workers, most: min(room, most))
    alive = []
    turns = TurnPlan(turns=2, warm=2, measured=2, users=1, rate_per_s=100.0)
    with Processes() as processes:
        base, head = arm("base", tmp_path, "/kept"), arm("head", tmp_path, "/kept")
        rig = Servers(plan(base, head), processes, (), (), lambda _: alive.append(len(processes.children)))
        found = rig.look({"kept": turns, CONTROL: turns}, [1, 2, 3], 1)
    assert alive == batches
    assert {name: len(pairs) for name, pairs in found.observations.items()} == {"kept": 3, CONTROL: 3}
    assert len(found.memory) == 3


def test_looks_at_different_pairs_are_one_under_the_worst_conditions() -> None:
    looks = [
        LookResult({"a": [pair(cpu=place)]}, [(place, place + 1)], Conditions(steal_of_gate=place / 10))
        for place in range(2)
    ]
    assert merge(looks) == LookResult(
        {"a": [pair(cpu=0), pair(cpu=1)]}, [(0, 1), (1, 2)], Conditions(steal_of_gate=0.1)
    )


def test_a_head_that_runs_the_code_of_the_base_is_refused(processes: Processes, tmp_path: Path) -> None:
    base, head = arm("base", tmp_path), arm("head", tmp_path)
    (tmp_path / "head" / "my_app.py").write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path / 'base')!r})\nsys.modules.pop('my_app', None)\n"
        "import my_app\napp = my_app.app\n"
    )
    with pytest.raises(GateError):
        Servers(plan(base, head), processes, (), (), lambda _: None).rehearse(7)


@pytest.mark.parametrize(
    ("cpus", "own", "shared"), [((), (), ""), ((0,), (0,), "cpu")], ids=["not pinned", "one CPU for both"]
)
def test_a_cpu_for_both_is_shared(
    cpus: tuple[int, ...], own: tuple[int, ...], shared: str, processes: Processes, tmp_path: Path
) -> None:
    asked = plan(arm("base", tmp_path), arm("head", tmp_path))
    assert Servers(asked, processes, cpus, own, lambda _: None).shared == shared
