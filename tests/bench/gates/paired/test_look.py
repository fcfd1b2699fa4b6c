"""How pairs are loaded, over lanes that only note what they are asked for; and the summary of samples."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from bench.gates.paired.arms import Arm, Instance, ServerPair
from bench.gates.paired.design import TurnPlan
from bench.gates.paired.look import ArmLane, PairedScenario, look, summarise
from bench.gates.paired.observation import ArmSlice, ArmSummary
from bench.model.plan import Setup
from bench.model.samples import Samples
from bench.system.revisions import Tree
from scenarios.model import Request, Scenario
from scenarios.single import Always

SIZE = TurnPlan(turns=7, warm=8, measured=16, users=8, rate_per_s=500.0, pace_every=3)
MS = 1_000_000


@dataclass
class NotingLane:
    """Notes the seed that it was opened with, and what it is asked for, in a log that all lanes share."""

    who: str
    seed: int
    log: list[tuple[str, str]]
    due_ns: list[Sequence[int]] = field(default_factory=list)
    checked: bool = False

    async def warm(self, sessions: int) -> None:
        self.log.append((self.who, "warm"))

    async def slice(self, plan: TurnPlan) -> ArmSlice:
        self.log.append((self.who, "slice"))
        return ArmSlice(plan.measured, 1_000_000, 500_000 if self.who.startswith("base") else 600_000)

    async def pace(self, plan: TurnPlan, due_ns: Sequence[int]) -> None:
        self.log.append((self.who, "pace"))
        self.due_ns.append(due_ns)

    def check(self) -> None:
        self.checked = True

    def summary(self) -> ArmSummary:
        return ArmSummary(
            p50_ms=1.0 if self.who.startswith("base") else 2.0, p99_ms=None, errors=0, requests=1
        )


class Lanes:
    """Opens lanes in place of those to servers."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.opened: dict[str, NotingLane] = {}

    @contextlib.contextmanager
    def __call__(
        self, paired: PairedScenario, instance: Instance, users: int, seed: int
    ) -> Iterator[ArmLane]:
        lane = NotingLane(f"{instance.arm.name} {instance.server.port}", seed, self.log)
        self.opened[lane.who] = lane
        yield lane


def instance(name: str, number: int) -> Instance:
    arm = Arm(name, Setup("mine", "uvicorn"), Tree(Path(), name, Path()))
    return Instance(arm, cast(Any, SimpleNamespace(port=number)))


def looked(seed: int = 1, pairs: int = 4) -> Lanes:
    lanes = Lanes()
    pool = [ServerPair(instance("base", number), instance("head", number)) for number in range(pairs)]
    paired = PairedScenario(Scenario("one", Always(Request("GET", "/"))), pool)
    found = look({"one": paired}, {"one": SIZE}, seed, lanes)
    assert [len(one.turns) for one in found["one"]] == [SIZE.turns] * pairs
    for one in found["one"]:  # whoever came first, arms are not mixed up
        assert {turn.base.cpu_ns for turn in one.turns} == {500_000}
        assert {turn.head.cpu_ns for turn in one.turns} == {600_000}
        assert (one.base.p50_ms, one.head.p50_ms) == (1.0, 2.0)
    return lanes


def test_both_servers_of_a_pair_get_the_same_arrivals_in_every_paced_turn() -> None:
    lanes = looked().opened
    drawn = set()
    for number in range(4):
        base, head = (lanes[f"{arm} {number}"].due_ns for arm in ("base", "head"))
        assert [list(due) for due in base] == [list(due) for due in head]
        assert [len(due) for due in base] == [SIZE.measured] * 3  # of rounds 0, 3 and 6
        drawn |= {tuple(due) for due in base}
    assert len(drawn) == 4 * 3  # and no two turns, of whichever pair, the same


def test_both_servers_of_a_pair_are_sent_the_same_random_choices() -> None:
    lanes = looked().opened
    seeds = [[lanes[f"{arm} {number}"].seed for arm in ("base", "head")] for number in range(4)]
    assert all(base == head for base, head in seeds)
    assert len({base for base, _ in seeds}) == 4


def test_the_slices_of_a_turn_follow_each_other_and_either_side_is_first_as_often() -> None:
    slices = [who for who, what in looked().log if what == "slice"]
    turns = list(zip(slices[::2], slices[1::2], strict=True))
    assert all({first.split()[0], second.split()[0]} == {"base", "head"} for first, second in turns)
    assert all(first.split()[1] == second.split()[1] for first, second in turns)
    firsts = [[first.split()[0] for first, _ in turns if first.endswith(f" {number}")] for number in range(4)]
    assert all(abs(one.count("base") - one.count("head")) == 1 for one in firsts)  # of seven turns


def test_all_are_warmed_before_the_first_slice_and_checked_at_the_end() -> None:
    lanes = looked()
    assert [what for _, what in lanes.log[:8]] == ["warm"] * 8
    assert "warm" not in [what for _, what in lanes.log[8:]]
    assert all(lane.checked for lane in lanes.opened.values())


def test_the_same_seed_draws_the_same() -> None:
    assert looked(3).log == looked(3).log
    assert looked(3).log != looked(4).log


# --- samples


def samples(rows: list[tuple[float, float, float]]) -> Samples:
    """Requests that were due, sent and answered at these milliseconds."""
    due, sent, done = (np.array([int(row[at] * MS) for row in rows], dtype=np.int64) for at in range(3))
    none = np.zeros(len(rows), dtype=np.int64)
    return Samples(
        intended_ns=due,
        connect_ns=none,
        sent_ns=sent,
        first_ns=done,
        done_ns=done,
        label=none,
        outcome=none,
        worker=none,
        labels=("GET /",),
        outcomes=("ok", "status-500"),
        start_ns=0,
        end_ns=1 << 62,
    )


def test_lateness_is_that_of_requests_for_which_a_connection_was_free() -> None:
    rows = [
        (0.0, 0.0, 10.0),
        (1.0, 1.25, 10.0),  # a second connection is free: our own doing
        (2.0, 10.0, 11.0),  # both are busy: the server's
    ]
    found = summarise(samples(rows), [(0, 20 * MS)], users=2)
    assert found.late_p99_ms == pytest.approx(np.percentile([0.0, 0.25], 99))
    assert found.p50_ms == pytest.approx(9.0)


def test_what_was_not_paced_is_not_late() -> None:
    assert summarise(samples([(0.0, 3.0, 4.0)]), [(20 * MS, 30 * MS)], users=2).late_p99_ms is None
