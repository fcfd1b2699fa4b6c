"""Compares two arms, look by look, until every scenario is decided or the looks are used up."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench import host
from bench.answers import check_answers
from bench.errors import EngineError
from bench.model import Setup
from bench.paired.arms import Arm, Pair, check_origin, pairs
from bench.paired.design import CONTROL_SHARE, Size, size
from bench.paired.judging import LOOKS, MARGINS, Evidence, evidence, judge, memory_evidence
from bench.paired.look import Subject, look, rehearse
from bench.paired.observation import Observation
from bench.paired.verdicts import explained, failures, is_decided, is_suspect, settled, uncontaminated
from bench.processes import Processes
from bench.verdict import Change, Judgement
from scenarios.model import Scenario

CONTROL = "(control)"  # no scenario of that name can be asked for on a command line
_LEAST_LOOK_S = 2.0

Tell = Callable[[str], None]
Keep = Callable[[str, str, Sequence[Observation]], None]
"""Told of a look, a scenario, and what its pairs showed, as soon as that is known."""


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


def compare(asked: Comparison, tell: Tell, keep: Keep = lambda *_: None) -> Judgement:
    """Measure and judge. Raises ServerError, EngineError, and GateError where an arm is not what it is said to be."""
    if asked.base.folder != asked.head.folder:
        check_origin(asked.base)
        check_origin(asked.head)
    cpus, own_cpus = host.cpus_for()
    for arm in (asked.base, asked.head):
        host.check_cpus(arm.setup, own_cpus)
    host.allow_open_files()
    with host.on_cpus(own_cpus), Processes() as processes:
        session = _Session(asked, processes, cpus, tell, keep)
        return Judgement(
            f"base: {asked.base.said}; head: {asked.head.said}",
            tuple(session.changes()),
            tuple(session.notes()),
        )


class _Session:
    """A comparison under way: what was seen so far, and what came of it."""

    def __init__(
        self, asked: Comparison, processes: Processes, cpus: Sequence[int], tell: Tell, keep: Keep
    ) -> None:
        self._asked = asked
        self._processes = processes
        self._cpus = cpus
        self._tell = tell
        self._keep = keep
        self._rng = Random(asked.seed)
        self._sizes: dict[str, Size] = {}
        self._seen: dict[str, list[Observation]] = defaultdict(list)
        self._memory: list[tuple[int, int]] = []
        self._wrong: dict[str, Change] = {}
        self._look_s = 0.0

    def changes(self) -> list[Change]:
        """What became of every scenario, in the order in which they were given, and of the memory."""
        self._rehearse()
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
        in_order = [final.get(name) or [self._wrong[name]] for name in self._asked.scenarios]
        asked = self._asked
        rows = [
            explained(change, self._evidence([change.name]), asked.pairs, asked.seconds, asked.margin)
            for mine in in_order
            for change in mine
        ]
        failed = [row for name in asked.scenarios for row in failures(name, self._seen[name])]
        found = [*failed, *rows, *self._memory_change()]
        return uncontaminated(found, self._seen[CONTROL])

    def notes(self) -> Iterator[str]:
        """How the figures came about."""
        asked = self._asked
        count = len(self._seen[CONTROL])
        yield (
            f"{count} pairs of servers, each pair a start of its own, over {asked.users} connections. The difference "
            "is the median of the pairs' ratios (Hodges and Lehmann) with its exact interval. p50 and p99 are of a "
            "fixed rate, from when a request was due."
        )
        yield (
            "No change means that the whole interval lies within "
            f"{', '.join(f'{asked.margin * times:.1%} for {metric}' for metric, times in MARGINS.items())}."
        )

    # --- looks

    def _rehearse(self) -> None:
        """With one pair: see which scenarios both arms answer, and how large slices and looks are to be.

        Sizes are fixed here, whatever the looks will show.
        """
        began_s = time.monotonic()
        asked = self._asked
        self._tell("rehearsing with a server of either side")
        with self._pools(1) as (mine, control):
            start_s = (time.monotonic() - began_s) * asked.pairs
            subjects = self._subjects(asked.scenarios, mine, control)
            for name in asked.scenarios:
                if (change := _checked(name, subjects[name])) is not None:
                    self._wrong[name] = change
                    del subjects[name]
            count = max(1, len(subjects) - 1)
            budget_s = max(_LEAST_LOOK_S, asked.seconds * count / (LOOKS + 1) - start_s)
            for name, subject in subjects.items():
                share = CONTROL_SHARE if name == CONTROL else (1 - CONTROL_SHARE) / count
                rate_per_s = rehearse(subject, asked.users)
                self._sizes[name] = size(rate_per_s, asked.pairs, budget_s * share, asked.users)

    def _observe(self, title: str, names: Sequence[str]) -> dict[str, list[Observation]]:
        """Start fresh pairs, load them under these scenarios and the control, and add what they show."""
        began_s = time.monotonic()
        self._tell(f"{title}: starting {4 * self._asked.pairs} servers for {', '.join(names)}")
        with self._pools(self._asked.pairs) as (mine, control):
            subjects = self._subjects(names, mine, control)
            sizes = {name: self._sizes[name] for name in subjects}
            self._tell(f"{title}: {max(one.turns for one in sizes.values())} rounds")
            found = look(subjects, sizes, self._rng.getrandbits(32))
            self._memory += [(pair.base.rss_bytes(), pair.head.rss_bytes()) for pair in mine]
        for name, seen in found.items():
            self._seen[name] += seen
            self._keep(title, name, seen)
        self._look_s = time.monotonic() - began_s
        return found

    @contextlib.contextmanager
    def _pools(self, count: int) -> Iterator[tuple[list[Pair], list[Pair]]]:
        asked = self._asked
        seeds = [self._rng.randrange(1, 2**32) for _ in range(count)]
        control = Arm(CONTROL, asked.control, Path.cwd(), asked.control.about)
        with (
            pairs(asked.base, asked.head, seeds, self._processes, self._cpus) as mine,
            pairs(control, control, seeds, self._processes, self._cpus) as untouched,
        ):
            yield mine, untouched

    def _subjects(self, names: Iterable[str], mine: list[Pair], control: list[Pair]) -> dict[str, Subject]:
        asked = self._asked
        found = {name: Subject(asked.scenarios[name], mine, asked.scenarios_file) for name in names}
        return {**found, CONTROL: Subject(asked.control_scenario, control)}

    # --- verdicts

    def _evidence(self, names: Sequence[str]) -> list[Evidence]:
        return evidence({name: self._seen[name] for name in names})

    def _judged(self, names: Sequence[str]) -> list[Change]:
        """All scenarios that are compared count for the level, those that are decided already as well."""
        tests = len(self._asked.scenarios) - len(self._wrong)
        return judge(self._evidence(names), self._asked.margin, tests)

    def _settled(self, found: list[Change]) -> list[Change]:
        """The changes, what seems to have changed being confirmed by fresh processes before it is said."""
        suspects = tuple(dict.fromkeys(change.name for change in found if is_suspect(change)))
        if not suspects:
            return found
        fresh = evidence(self._observe("confirming", suspects))
        names = list(dict.fromkeys(change.name for change in found))
        return settled(found, self._judged(names), fresh)

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


def _checked(name: str, subject: Subject) -> Change | None:
    """What a scenario becomes that an arm answers wrongly: it is measured in neither."""
    faults = {}
    for side, instance in (("base", subject.pairs[0].base), ("head", subject.pairs[0].head)):
        try:
            check_answers(subject.scenario, instance.server)
        except EngineError as error:
            faults[side] = str(error)
    if "base" in faults:
        both = " (and in the head)" if "head" in faults else ""
        why = f"nothing to compare with, as in the base{both} {faults['base']}"
        return Change(name, "errors", "inconclusive", why=(why,))
    return Change(name, "errors", "regressed", why=(f"in the head {faults['head']}",)) if faults else None
