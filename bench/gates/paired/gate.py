"""`bench ab`: compares two arms over real servers, look by look, until every scenario is decided or looks run out.

`compare` measures with real servers; a `Session` is the procedure, whatever rig it measures with:

    rehearse     one pair: which scenarios both arms answer, how fast, and from which tree each arm runs
    look         up to three times: fresh pairs of servers, loaded turn by turn, and the control next to them
    judge        the evidence of all looks so far; what seems to have changed is confirmed by fresh pairs
    conclude     memory, what the control and the machine leave open, and notes on how to read the figures
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from bench.gates.paired import judging
from bench.gates.paired.caveats import Conditions, find_caveats, open_doubtful
from bench.gates.paired.design import CONTROL, CONTROL_SHARE, LOOKS, PairedPlan, TurnPlan, plan_turns
from bench.gates.paired.judging import ERRORS, MARGINS, PairedEvidence
from bench.gates.paired.observation import Observation
from bench.gates.paired.rig import Faults, Rig, Servers
from bench.model.change import Change, Judgement
from bench.system import host
from bench.system.processes import Processes

_LEAST_LOOK_S = 2.0

Keep = Callable[[str, str, Sequence[Observation]], None]
"""Called with (look, scenario, observations) when a look completes."""


def compare(plan: PairedPlan, note: Callable[[str], None], keep: Keep = lambda *_: None) -> Judgement:
    """Measure and judge; `note` is called with lines of progress.

    Raises ServerError, EngineError, and GateError where an arm does not run from its own tree.
    """
    cpus, own_cpus = host.cpus_for()
    for arm in (plan.base, plan.head):
        host.check_cpus(arm.setup, own_cpus)
    host.allow_open_files()
    with host.on_cpus(own_cpus), Processes() as processes:
        rig = Servers(plan, processes, cpus, own_cpus, note)
        return Session(plan, rig, note, keep).judgement()


class Session:
    """A comparison under way: the observations so far, and the verdicts on them."""

    def __init__(
        self, plan: PairedPlan, rig: Rig, note: Callable[[str], None], keep: Keep = lambda *_: None
    ) -> None:
        self._plan = plan
        self._rig = rig
        self._note = note
        self._keep = keep
        self._rng = Random(plan.seed)
        self._turn_plans: dict[str, TurnPlan] = {}
        self._observations: dict[str, list[Observation]] = defaultdict(list)
        self._memory: list[tuple[int, int]] = []
        self._conditions: list[Conditions] = []
        self._wrong: dict[str, Change] = {}
        self._arm_notes: tuple[str, ...] = ()

    def judgement(self) -> Judgement:
        """Measure and judge."""
        self._rehearse()
        changes = self._look_until_decided()
        return self._conclude(changes)

    # --- rehearse

    def _rehearse(self) -> None:
        """With one pair: see which scenarios both arms answer, and plan the turns of all looks.

        The plans are final, whatever the looks will show.
        """
        plan = self._plan
        self._note("rehearsing with a server of either side")
        rehearsal = self._rig.rehearse(*self._hash_seeds(1))
        self._arm_notes = rehearsal.notes
        self._wrong = self._wrong_scenarios(rehearsal.faults)
        names = [name for name in rehearsal.rates_per_s if name not in self._wrong]
        count = max(1, len(names) - 1)
        look_s = plan.seconds * count / (LOOKS + 1) - rehearsal.start_s * plan.pairs
        budget_s = max(_LEAST_LOOK_S, look_s)
        for name in names:
            share = CONTROL_SHARE if name == CONTROL else (1 - CONTROL_SHARE) / count
            rate_per_s = rehearsal.rates_per_s[name]
            self._turn_plans[name] = plan_turns(rate_per_s, plan.pairs, budget_s * share, plan.users)

    def _wrong_scenarios(self, faults: Mapping[str, Faults]) -> dict[str, Change]:
        """Scenarios that an arm answers wrongly, which are not measured; fresh pairs confirm a fault of the head."""
        wrong = {name: _without_base(name, one) for name, one in faults.items() if one.base is not None}
        doubtful = [name for name, one in faults.items() if one.head is not None and name not in wrong]
        if doubtful:
            self._note(f"confirming the wrong answers: {', '.join(doubtful)}")
            fresh = self._rig.find_faults(doubtful, self._hash_seeds(self._plan.pairs))
            for name in doubtful:
                if all(one.head is not None and one.base is None for one in fresh[name]):
                    why = f"in the head {faults[name].head}"
                    wrong[name] = Change(name, ERRORS, "regressed", why=(why,))
        return wrong

    def _measured_names(self) -> list[str]:
        return [name for name in self._plan.scenarios if name not in self._wrong]

    # --- look

    def _look_until_decided(self) -> dict[str, list[Change]]:
        """The changes of every scenario that could be measured."""
        final: dict[str, list[Change]] = {}
        left = self._measured_names()
        for number in range(1, LOOKS + 1):
            if not left:
                break
            self._look(f"look {number} of {LOOKS}", left)
            changes = self._confirm(self._judge(left))
            for name in list(left):
                of_scenario = [change for change in changes if change.name == name]
                if number == LOOKS or judging.is_decided(of_scenario):
                    final[name] = of_scenario
                    left.remove(name)
        return final

    def _look(self, title: str, names: Sequence[str]) -> Mapping[str, Sequence[Observation]]:
        """Load fresh pairs under these scenarios and the control, and add their observations."""
        self._note(f"{title}: {self._plan.pairs} pairs of servers for {', '.join(names)}")
        plans = {name: self._turn_plans[name] for name in (*names, CONTROL)}
        result = self._rig.look(plans, self._hash_seeds(self._plan.pairs), self._rng.getrandbits(32))
        self._memory += result.memory
        self._conditions.append(result.conditions)
        for name, observations in result.observations.items():
            self._observations[name] += observations
            self._keep(title, name, observations)
        return result.observations

    def _hash_seeds(self, count: int) -> list[int]:
        return [self._rng.randrange(1, 2**32) for _ in range(count)]

    # --- judge

    def _judge(self, names: Sequence[str]) -> list[Change]:
        """The verdicts of some scenarios; decided scenarios also count in the adjustment for their number."""
        tests = len(self._measured_names())
        return judging.judge(self._evidence(names), self._plan.margin, tests)

    def _evidence(self, names: Sequence[str]) -> list[PairedEvidence]:
        return judging.evidence({name: self._observations[name] for name in names})

    def _confirm(self, changes: list[Change]) -> list[Change]:
        """The changes, once fresh processes have confirmed each that is suspect."""
        suspects = tuple(dict.fromkeys(change.name for change in changes if judging.is_suspect(change)))
        if not suspects:
            return changes
        fresh = judging.evidence(self._look("confirming", suspects))
        names = list(dict.fromkeys(change.name for change in changes))
        return judging.confirm(changes, self._judge(names), fresh)

    # --- conclude

    def _conclude(self, final: Mapping[str, list[Change]]) -> Judgement:
        plan = self._plan
        by_scenario = [final[name] if name in final else [self._wrong[name]] for name in plan.scenarios]
        changes = [self._explain(change) for of_scenario in by_scenario for change in of_scenario]
        changes += self._memory_changes()
        changes = judging.open_contaminated(changes, self._observations[CONTROL])
        measured = {name: self._observations[name] for name in final}
        caveats = find_caveats(measured, self._conditions, shared=self._rig.shared)
        return Judgement(
            f"base: {plan.base.title}; head: {plan.head.title}",
            tuple(open_doubtful(changes, caveats)),
            (*self._arm_notes, *(caveat.text for caveat in caveats), *self._reading_notes()),
        )

    def _explain(self, change: Change) -> Change:
        plan, observations = self._plan, self._observations[change.name]
        with_counts = judging.add_error_counts(change, observations) if observations else change
        members = self._evidence([change.name])
        return judging.add_pairs_needed(with_counts, members, plan.pairs, plan.seconds, plan.margin)

    def _memory_changes(self) -> list[Change]:
        """The servers' memory at the end, after all scenarios; fresh pairs confirm a change."""
        names = self._measured_names()
        if not names:
            return []
        title = names[0] if len(names) == 1 else "all scenarios"
        changes = judging.judge([judging.memory_evidence(title, self._memory)], self._plan.margin)
        if not any(map(judging.is_suspect, changes)):
            return changes
        known = len(self._memory)
        self._look("confirming memory", names)
        now = judging.judge([judging.memory_evidence(title, self._memory)], self._plan.margin)
        fresh = judging.memory_evidence(title, self._memory[known:])
        return judging.confirm(changes, now, [fresh])

    def _reading_notes(self) -> Iterator[str]:
        """How to read the figures."""
        plan = self._plan
        count = len(self._observations[CONTROL])
        yield (
            f"{count} pairs of servers, each pair a start of its own, over {plan.users} connections. The difference "
            "is the median of the pairs' ratios (Hodges and Lehmann) with its exact interval. p50 and p99 are of a "
            "fixed rate, from when a request was due. Errors are judged by how many pairs had more of them in the head."
        )
        yield (
            "No change means that the whole interval lies within "
            f"{', '.join(f'{plan.margin * times:.1%} for {metric}' for metric, times in MARGINS.items())}."
        )
        yield f"Seed: {plan.seed}."


def _without_base(name: str, faults: Faults) -> Change:
    both = " (and in the head)" if faults.head else ""
    why = f"nothing to compare with, as in the base{both} {faults.base}"
    return Change(name, ERRORS, "inconclusive", why=(why,))
