"""Compares two arms, look by look, until every scenario is decided or the looks are used up."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench import host
from bench.answers import check_answers
from bench.errors import EngineError
from bench.model import Setup
from bench.paired.arms import Arm, Pair, check_origin, pairs
from bench.paired.design import Size, size
from bench.paired.judging import (
    LOOKS,
    PRIMARY,
    Evidence,
    confirmed,
    evidence,
    judge,
    memory_evidence,
    moved,
    pairs_to_decide,
)
from bench.paired.look import Subject, look, rehearse
from bench.paired.observation import Observation
from bench.processes import Processes
from bench.verdict import Change, Judgement, Verdict
from scenarios.model import Scenario

CONTROL = "control"
_CONTROL_SHARE = 0.15
_LEAST_LOOK_S = 2.0
_NOT_CONFIRMED = "fresh processes did not bear out what seemed to have {} by {:+.1%}"

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
    with host.own_cpus(own_cpus), Processes() as processes:
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
            found = self._settled(judge(self._evidence(left), self._asked.margin))
            for name in list(left):
                mine = [change for change in found if change.name == name]
                if number == LOOKS or _is_decided(mine):
                    final[name] = mine
                    left.remove(name)
        in_order = [final.get(name) or [self._wrong[name]] for name in self._asked.scenarios]
        rows = [self._explained(change) for mine in in_order for change in mine]
        return self._uncontaminated([*self._failures(), *rows, *self._memory_change()])

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
            f"No change means that the whole interval lies within {asked.margin:.1%} for CPU and throughput, "
            f"{asked.margin * 2.5:.1%} for p50 and memory, {asked.margin * 5:.1%} for p99."
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
                share = _CONTROL_SHARE if name == CONTROL else (1 - _CONTROL_SHARE) / count
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

    def _settled(self, found: list[Change]) -> list[Change]:
        """The changes, what seems to have changed being confirmed by fresh processes before it is said."""
        suspects = tuple(dict.fromkeys(change.name for change in found if _is_suspect(change)))
        if not suspects:
            return found
        fresh = evidence(self._observe("confirming", suspects))
        now = judge(self._evidence(list(dict.fromkeys(change.name for change in found))), self._asked.margin)
        return [_confirmed(before, after, fresh) for before, after in zip(found, now, strict=True)]

    def _memory_change(self) -> list[Change]:
        """How much memory the servers took at the end, after all scenarios."""
        names = [name for name in self._asked.scenarios if name not in self._wrong]
        if not names:
            return []
        called = names[0] if len(names) == 1 else "all scenarios"
        found = judge([memory_evidence(called, self._memory)], self._asked.margin)
        if not any(map(_is_suspect, found)):
            return found
        before = len(self._memory)
        self._observe("confirming memory", names)
        now = judge([memory_evidence(called, self._memory)], self._asked.margin)
        fresh = memory_evidence(called, self._memory[before:])
        return [_confirmed(old, new, [fresh]) for old, new in zip(found, now, strict=True)]

    def _failures(self) -> list[Change]:
        """Requests that failed while the scenarios were measured: one too many in the head is a regression."""
        return [
            change
            for name in self._asked.scenarios
            if (change := _failure(name, self._seen.get(name, []))) is not None
        ]

    def _explained(self, change: Change) -> Change:
        """With the time that deciding would take, where it is open."""
        if not _is_open(change):
            return change
        found = {(one.name, one.metric): one for one in self._evidence([change.name])}
        one = found.get((change.name, change.metric))
        needed = pairs_to_decide(one, self._asked.margin) if one else None
        if needed is None:
            return change
        seconds = needed / self._asked.pairs * self._look_s
        said = f"about {needed} pairs would decide it, {seconds:,.0f} s: --seconds {seconds * 1.3:.0f}"
        return replace(change, why=(*change.why, said))

    def _uncontaminated(self, found: list[Change]) -> list[Change]:
        """Where the control has changed, the machine has, and nothing that changed can be put down to the head."""
        for one in evidence({CONTROL: self._seen[CONTROL]}):
            if one.metric in PRIMARY and moved(one, self._asked.margin):
                why = f"contaminated: the {one.metric} of the control moved, which no change of the app can touch"
                return [
                    replace(each, verdict="inconclusive", why=(why,)) if _is_suspect(each) else each
                    for each in found
                ]
        return found


def _is_suspect(change: Change) -> bool:
    return change.verdict in ("regressed", "improved")


def _is_open(change: Change) -> bool:
    return change.verdict == "inconclusive" and not change.beside


def _is_decided(mine: Sequence[Change]) -> bool:
    """One metric that is worse decides for all; else every one must be decided."""
    return any(change.verdict == "regressed" for change in mine) or not any(map(_is_open, mine))


def _confirmed(before: Change, after: Change, fresh: Sequence[Evidence]) -> Change:
    """The change with the figures of all pairs; it is called one only where the first and the fresh pairs show it."""
    if not _is_suspect(before):
        return replace(after, verdict="inconclusive") if _is_suspect(after) else after
    mine = next(one for one in fresh if (one.name, one.metric) == (before.name, before.metric))
    if confirmed(before, mine):
        return replace(after, verdict=before.verdict)
    assert before.ratio is not None
    assert before.verdict is not None
    why = _NOT_CONFIRMED.format(before.verdict, before.ratio - 1)
    return replace(after, verdict="inconclusive", why=(why,))


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


def _failure(name: str, seen: Sequence[Observation]) -> Change | None:
    base, head = (sum(getattr(one, side).errors for one in seen) for side in ("base", "head"))
    if not base and not head:
        return None
    faults = sorted({fault for one in seen for fault in (*one.base.faults, *one.head.faults)})
    why = f"{', '.join(faults)}; of {sum(one.head.requests for one in seen):,} requests to the head"
    verdict: Verdict = "inconclusive" if base else "regressed"
    return Change(name, "errors", verdict, base, head, why=(why,))
