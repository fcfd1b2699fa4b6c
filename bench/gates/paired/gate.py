"""Compares two arms over real servers: the rig that starts, checks, watches and loads them for a session."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.errors import EngineError
from bench.gates.paired.arms import Arm, Instance, Pair, pairs
from bench.gates.paired.design import Size
from bench.gates.paired.look import Subject, look, rehearse
from bench.gates.paired.origin import check_origin, watched
from bench.gates.paired.other_load import Watch
from bench.gates.paired.session import CONTROL, Comparison, Faults, Keep, Rehearsal, Seen, Session, Tell
from bench.measure.answers import check_answers
from bench.model.change import Judgement
from bench.system import host
from bench.system.cpus import Shared, shared
from bench.system.processes import Processes
from scenarios.model import Scenario


def compare(asked: Comparison, tell: Tell, keep: Keep = lambda *_: None) -> Judgement:
    """Measure and judge. Raises ServerError, EngineError, and GateError where an arm is not what it should be."""
    cpus, own_cpus = host.cpus_for()
    for arm in (asked.base, asked.head):
        host.check_cpus(arm.setup, own_cpus)
    host.allow_open_files()
    with host.on_cpus(own_cpus), Processes() as processes:
        return Session(asked, Servers(asked, processes, cpus, own_cpus, tell), tell, keep).judgement()


class Servers:
    """The rig of real servers."""

    def __init__(
        self,
        asked: Comparison,
        processes: Processes,
        cpus: Sequence[int],
        own_cpus: Sequence[int],
        tell: Tell,
    ) -> None:
        self._asked = asked
        self._processes = processes
        self._cpus = cpus
        self._own_cpus = own_cpus
        self._tell = tell

    @property
    def shared(self) -> Shared:
        return shared(self._cpus, self._own_cpus)

    def rehearse(self, hash_seed: int) -> Rehearsal:
        """The pair of the rehearsal is watched: the tree that it takes its code from is proved first.

        And once more at the end, as a handler may import what it needs when it is first called.
        """
        began_s = time.monotonic()
        with (
            self._watched() as (base, head, folders),
            self._pools(base, head, [hash_seed]) as (mine, control),
        ):
            start_s = time.monotonic() - began_s
            _proved(mine[0], folders)
            subjects = self._subjects(self._asked.scenarios, mine, control)
            faults = {name: _faults(subjects[name].scenario, mine[0]) for name in self._asked.scenarios}
            rates_per_s = {
                name: rehearse(subject, self._asked.users)
                for name, subject in subjects.items()
                if name == CONTROL or faults[name].base is None
            }
            return Rehearsal(start_s, faults, rates_per_s, _proved(mine[0], folders))

    def answers(self, names: Sequence[str], hash_seeds: Sequence[int]) -> Mapping[str, Sequence[Faults]]:
        asked = self._asked
        with pairs(asked.base, asked.head, hash_seeds, self._processes, self._cpus) as mine:
            return {name: [_faults(asked.scenarios[name], pair) for pair in mine] for name in names}

    def look(self, sizes: Mapping[str, Size], hash_seeds: Sequence[int], seed: int) -> Seen:
        asked = self._asked
        with self._pools(asked.base, asked.head, hash_seeds) as (mine, control):
            subjects = self._subjects([name for name in sizes if name != CONTROL], mine, control)
            servers = [one.server for pair in mine for one in (pair.base, pair.head)]
            used = {cpu for server in servers for cpu in server.cpus or self._cpus}
            watch = Watch(used, self._own_cpus, self._processes.children)
            self._tell(f"all have started: {max(one.turns for one in sizes.values())} rounds")
            found = look(subjects, sizes, seed)
            conditions = watch.conditions()
            memory = [(pair.base.rss_bytes(), pair.head.rss_bytes()) for pair in mine]
        return Seen(found, memory, conditions)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[tuple[Arm, Arm, tuple[Path, ...]]]:
        """The arms with servers that note what they load, and the folders that they note it in.

        None for two setups in the same tree, of which nothing need be proved.
        """
        base, head = self._asked.base, self._asked.head
        if base.tree == head.tree:
            yield base, head, ()
            return
        with self._processes.folder() as first, self._processes.folder() as second:
            yield watched(base, first), watched(head, second), (first, second)

    @contextlib.contextmanager
    def _pools(
        self, base: Arm, head: Arm, hash_seeds: Sequence[int]
    ) -> Iterator[tuple[list[Pair], list[Pair]]]:
        here = Path.cwd()
        control = Arm(CONTROL, self._asked.control, here, self._asked.control.about, here)
        with (
            pairs(base, head, hash_seeds, self._processes, self._cpus) as mine,
            pairs(control, control, hash_seeds, self._processes, self._cpus) as untouched,
        ):
            yield mine, untouched

    def _subjects(
        self, names: Sequence[str] | Mapping[str, Scenario], mine: list[Pair], control: list[Pair]
    ) -> dict[str, Subject]:
        asked = self._asked
        found = {name: Subject(asked.scenarios[name], mine, asked.scenarios_file) for name in names}
        return {**found, CONTROL: Subject(asked.control_scenario, control)}


def _proved(pair: Pair, folders: Sequence[Path]) -> tuple[str, ...]:
    """What cannot be proved of the origin of a watched pair."""
    sides = ((pair.base, pair.head.arm), (pair.head, pair.base.arm))
    said = [check_origin(one, other, folder) for (one, other), folder in zip(sides, folders, strict=False)]
    return tuple(one for one in said if one is not None)


def _faults(scenario: Scenario, pair: Pair) -> Faults:
    return Faults(*(_fault(scenario, one) for one in (pair.base, pair.head)))


def _fault(scenario: Scenario, instance: Instance) -> str | None:
    try:
        check_answers(scenario, instance.server)
    except EngineError as error:
        return str(error)
    return None
