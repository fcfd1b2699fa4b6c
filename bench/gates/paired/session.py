"""A comparison, look by look, until every scenario is decided or the looks are used up; a rig measures for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

from bench.gates.paired.arms import Arm
from bench.gates.paired.caveats import Conditions, doubted, doubts
from bench.gates.paired.design import CONTROL_SHARE, Size, size
from bench.gates.paired.judging import ERRORS, LOOKS, MARGINS, Evidence, evidence, judge, memory_evidence
from bench.gates.paired.observation import Observation
from bench.gates.paired.verdicts import counted, explained, is_decided, is_suspect, settled, uncontaminated
from bench.model.change import Change, Judgement
from bench.model.plan import Setup
from bench.system.cpus import Shared
from scenarios.model import Scenario

CONTROL = "(control)"  # no scenario of that name can be asked for on a command line
_LEAST_LOOK_S = 2.0

Tell = Callable[[str], None]
Keep = Callable[[str, str, Sequence[Observation]], None]
"""Called with (look, scenario, observations) when a look completes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: two arms under some scenarios, and as control a server that no change touches with itself.

    `pairs` are started for each look; `seconds` is the time for one scenario, starting servers included; `margin` is
    the share up to which CPU and throughput count as unchanged.
    """

    base: Arm
    head: Arm
    scenarios: Mapping[str, Scenario]
    control: Setup
    control_scenario: Scenario
    scenarios_file: Path | None = None
    pairs: int = 8
    seconds: float = 120.0
    users: int = 8
    margin: float = 0.02
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Faults:
    """How the servers of a pair answer a scenario wrongly, in words; None where they answer rightly."""

    base: str | None = None
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One pair before the looks: the seconds that its start took, its answers, and the sessions per second of the base.

    Scenarios that the base answers wrongly, or that were not given, have no rate. `notes` say what a reader should
    know of the arms.
    """

    start_s: float
    faults: Mapping[str, Faults]
    rates_per_s: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A look: an observation for each pair of each scenario and of the control, and the pairs' bytes at the end."""

    observations: Mapping[str, Sequence[Observation]]
    memory: Sequence[tuple[int, int]]
    conditions: Conditions = field(default_factory=Conditions)


class Rig(Protocol):
    """Starts pairs of servers, one for each of the hash seeds given, and loads them.

    Raises ServerError, EngineError, and GateError where an arm is not what it should be.
    """

    @property
    def shared(self) -> Shared:
        """Whether the servers and the gate have to share a CPU."""

    def rehearse(self, hash_seed: int) -> Rehearsal:
        """Start a pair, check its answers under all scenarios, and load the base for about a second each."""

    def answers(self, names: Sequence[str], hash_seeds: Sequence[int]) -> Mapping[str, Sequence[Faults]]:
        """Start pairs and check their answers under some scenarios."""

    def look(self, sizes: Mapping[str, Size], hash_seeds: Sequence[int], seed: int) -> Seen:
        """Start pairs and load them under scenarios of these sizes, the control among them."""


class Session:
    """A comparison under way: what was seen so far, and what came of it."""

    def __init__(self, asked: Comparison, rig: Rig, tell: Tell, keep: Keep = lambda *_: None) -> None:
        self._asked = asked
        self._rig = rig
        self._tell = tell
        self._keep = keep
        self._rng = Random(asked.seed)
        self._sizes: dict[str, Size] = {}
        self._seen: dict[str, list[Observation]] = defaultdict(list)
        self._memory: list[tuple[int, int]] = []
        self._conditions: list[Conditions] = []
        self._wrong: dict[str, Change] = {}
        self._of_arms: tuple[str, ...] = ()

    def judgement(self) -> Judgement:
        """Measure and judge."""
        self._rehearse()
        final = self._looks()
        asked = self._asked
        in_order = [final[name] if name in final else [self._wrong[name]] for name in asked.scenarios]
        rows = [self._explained(change) for mine in in_order for change in mine]
        rows = uncontaminated([*rows, *self._memory_change()], self._seen[CONTROL])
        scenarios = {name: self._seen[name] for name in final}
        found = doubts(scenarios, self._conditions, shared=self._rig.shared)
        return Judgement(
            f"base: {asked.base.said}; head: {asked.head.said}",
            tuple(doubted(rows, found)),
            (*self._of_arms, *(doubt.text for doubt in found), *self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        """How the figures came about."""
        asked = self._asked
        count = len(self._seen[CONTROL])
        yield (
            f"{count} pairs of servers, each pair a start of its own, over {asked.users} connections. The difference "
            "is the median of the pairs' ratios (Hodges and Lehmann) with its exact interval. p50 and p99 are of a "
            "fixed rate, from when a request was due. Errors are judged by how many pairs had more of them in the head."
        )
        yield (
            "No change means that the whole interval lies within "
            f"{', '.join(f'{asked.margin * times:.1%} for {metric}' for metric, times in MARGINS.items())}."
        )
        yield f"Seed: {asked.seed}."

    # --- looks

    def _looks(self) -> dict[str, list[Change]]:
        """The rows of every scenario that could be measured."""
        final: dict[str, list[Change]] = {}
        left = [name for name in self._asked.scenarios if name not in self._wrong]
        for number in range(1, LOOKS + 1):
            if not left:
                break
            self._observe(f"look {number} of {LOOKS}", left)
            found = self._settled(self._judged(left))
            for name in list(left):
                mine = [change for change in found if change.name == name]
                if number == LOOKS or is_decided(mine):
                    final[name] = mine
                    left.remove(name)
        return final

    def _rehearse(self) -> None:
        """With one pair: see which scenarios both arms answer, and how large slices and looks are to be.

        Sizes are fixed here, whatever the looks will show.
        """
        asked = self._asked
        self._tell("rehearsing with a server of either side")
        found = self._rig.rehearse(*self._hash_seeds(1))
        self._of_arms = found.notes
        self._wrong = self._found_wrong(found.faults)
        names = [name for name in found.rates_per_s if name not in self._wrong]
        count = max(1, len(names) - 1)
        budget_s = max(_LEAST_LOOK_S, asked.seconds * count / (LOOKS + 1) - found.start_s * asked.pairs)
        for name in names:
            share = CONTROL_SHARE if name == CONTROL else (1 - CONTROL_SHARE) / count
            self._sizes[name] = size(found.rates_per_s[name], asked.pairs, budget_s * share, asked.users)

    def _found_wrong(self, faults: Mapping[str, Faults]) -> dict[str, Change]:
        """The scenarios that are not measured; one wrong answer of the head alone must be given by fresh pairs, too."""
        wrong = {name: _without_base(name, found) for name, found in faults.items() if found.base is not None}
        doubtful = [name for name, found in faults.items() if found.head is not None and name not in wrong]
        if doubtful:
            self._tell(f"confirming the wrong answers: {', '.join(doubtful)}")
            fresh = self._rig.answers(doubtful, self._hash_seeds(self._asked.pairs))
            for name in doubtful:
                if all(one.head is not None and one.base is None for one in fresh[name]):
                    why = f"in the head {faults[name].head}"
                    wrong[name] = Change(name, ERRORS, "regressed", why=(why,))
        return wrong

    def _observe(self, title: str, names: Sequence[str]) -> dict[str, Sequence[Observation]]:
        """Load fresh pairs under these scenarios and the control, and add what they show."""
        self._tell(f"{title}: starting {4 * self._asked.pairs} servers for {', '.join(names)}")
        sizes = {name: self._sizes[name] for name in (*names, CONTROL)}
        found = self._rig.look(sizes, self._hash_seeds(self._asked.pairs), self._rng.getrandbits(32))
        self._memory += found.memory
        self._conditions.append(found.conditions)
        for name, seen in found.observations.items():
            self._seen[name] += seen
            self._keep(title, name, seen)
        return dict(found.observations)

    def _hash_seeds(self, count: int) -> list[int]:
        return [self._rng.randrange(1, 2**32) for _ in range(count)]

    # --- verdicts

    def _evidence(self, names: Sequence[str]) -> list[Evidence]:
        return evidence({name: self._seen[name] for name in names})

    def _judged(self, names: Sequence[str]) -> list[Change]:
        """All scenarios that are compared count for the level, those that are decided already as well."""
        tests = len(self._asked.scenarios) - len(self._wrong)
        return judge(self._evidence(names), self._asked.margin, tests)

    def _settled(self, found: list[Change]) -> list[Change]:
        """The changes, each that seems to be one being confirmed by fresh processes first."""
        suspects = tuple(dict.fromkeys(change.name for change in found if is_suspect(change)))
        if not suspects:
            return found
        fresh = evidence(self._observe("confirming", suspects))
        names = list(dict.fromkeys(change.name for change in found))
        return settled(found, self._judged(names), fresh)

    def _explained(self, change: Change) -> Change:
        asked, seen = self._asked, self._seen[change.name]
        with_counts = counted(change, seen) if seen else change
        return explained(with_counts, self._evidence([change.name]), asked.pairs, asked.seconds, asked.margin)

    def _memory_change(self) -> list[Change]:
        """How much memory the servers took at the end, after all scenarios."""
        names = [name for name in self._asked.scenarios if name not in self._wrong]
        if not names:
            return []
        called = names[0] if len(names) == 1 else "all scenarios"
        found = judge([memory_evidence(called, self._memory)], self._asked.margin)
        if not any(map(is_suspect, found)):
            return found
        before = len(self._memory)
        self._observe("confirming memory", names)
        now = judge([memory_evidence(called, self._memory)], self._asked.margin)
        fresh = memory_evidence(called, self._memory[before:])
        return settled(found, now, [fresh])


def _without_base(name: str, faults: Faults) -> Change:
    both = " (and in the head)" if faults.head else ""
    why = f"nothing to compare with, as in the base{both} {faults.base}"
    return Change(name, ERRORS, "inconclusive", why=(why,))
