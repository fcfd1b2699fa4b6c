"""Compares a server with itself, to know the noise of the machine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from bench.gates.paired.arms import Arm, Pair, pairs
from bench.gates.paired.design import Size, unpaced
from bench.gates.paired.look import Subject, look, rehearse
from bench.gates.paired.noise import Noise, SliceNoise, autocorrelation, process_sd, turn_sd
from bench.gates.paired.observation import Observation
from bench.measure.answers import check_answers
from bench.system import host
from bench.system.processes import Processes

SESSIONS = (16, 32, 64, 128, 256)
METRIC = "cpu"
_USERS = 8

_LONG_PAIRS, _LONG_TURNS = 3, 3
_LONG_SLICE_S, _LONG_WARM_S = 0.6, 0.1

Tell = Callable[[str], None]


def noise(
    arm: Arm, subject: Callable[..., Subject], duration_s: float, count: int, seed: int, tell: Tell
) -> Noise:
    """The noise of a scenario, measured for about so long on `count` pairs. Raises ServerError and EngineError.

    Half of the time goes to slices of different lengths, the other half to the best of them. `subject` is the scenario
    that waits for its pairs.
    """
    rng = Random(seed)
    began_s = time.monotonic()
    tell(f"starting {2 * count} servers")
    with _twins(arm, count, rng) as pool:
        start_s = (time.monotonic() - began_s) / count
        trial = _Trial(subject(pool), rng)
        found = []
        for sessions in SESSIONS:
            tell(f"turns of {sessions} sessions")
            found.append(trial.slices(sessions, duration_s / 2 / len(SESSIONS)))
        best = min(found, key=lambda one: one.cost)
        tell(f"turns of {best.sessions} sessions, for longer")
        seen = trial.seen(best.sessions, duration_s / 2)
    spread = turn_sd(seen, METRIC)
    slices = tuple(replace(one, turn_sd=spread) if one is best else one for one in found)
    return Noise(
        arm.setup.name,
        trial.name,
        METRIC,
        slices,
        best.sessions,
        process_sd(seen, METRIC, spread),
        autocorrelation(seen, METRIC),
        start_s,
        count,
        seed,
    )


def observe_long_turns(arm: Arm, subject: Callable[..., Subject], seed: int) -> list[Observation]:
    """Compare an arm's servers with themselves on three pairs, in three turns each of long slices.

    Long slices vary as the cells of `bench run` do, not as the short slices of a comparison. Takes about half a minute.
    Raises ServerError and EngineError.
    """
    rng = Random(seed)
    with _twins(arm, _LONG_PAIRS, rng) as pool:
        return _Trial(subject(pool), rng).long_turns()


@contextlib.contextmanager
def _twins(arm: Arm, count: int, rng: Random) -> Iterator[Sequence[Pair]]:
    """Pairs of servers of the same arm, and this process on its own CPUs."""
    cpus, own_cpus = host.cpus_for()
    with host.on_cpus(own_cpus), Processes() as processes:
        seeds = [rng.randrange(1, 2**32) for _ in range(count)]
        with pairs(arm, replace(arm, name="head"), seeds, processes, cpus) as pool:
            yield pool


class _Trial:
    """A scenario on its pairs, loaded for some time after some time."""

    def __init__(self, subject: Subject, rng: Random) -> None:
        check_answers(subject.scenario, subject.pairs[0].base.server)
        self.name = subject.scenario.name
        self._subject = subject
        self._rng = rng
        self._rate_per_s = rehearse(subject, _USERS)

    def seen(self, sessions: int, duration_s: float) -> list[Observation]:
        return self._look(unpaced(sessions, self._rate_per_s, len(self._subject.pairs), duration_s, _USERS))

    def long_turns(self) -> list[Observation]:
        warm, measured = (
            max(_USERS, round(self._rate_per_s * span_s)) for span_s in (_LONG_WARM_S, _LONG_SLICE_S)
        )
        return self._look(Size(_LONG_TURNS, warm, measured, _USERS, self._rate_per_s, pace_every=0))

    def slices(self, sessions: int, duration_s: float) -> SliceNoise:
        began_s = time.monotonic()
        seen = self.seen(sessions, duration_s)
        turns = sum(len(one.turns) for one in seen)
        return SliceNoise(sessions, turn_sd(seen, METRIC), (time.monotonic() - began_s) / turns)

    def _look(self, size: Size) -> list[Observation]:
        return look({self.name: self._subject}, {self.name: size}, self._rng.getrandbits(32))[self.name]
