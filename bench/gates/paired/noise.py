"""`bench noise`: compares a server with itself, and knows what a comparison on this machine could find.

`measure_noise` runs the servers, a `Noise` holds the result and predicts, `store_noise` and `load_noise` keep it for
`bench ab` on the same machine.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from bench.gates.paired.arms import Arm, ServerPair, start_pairs
from bench.gates.paired.design import (
    CONTROL_SHARE,
    FEWEST_TURNS,
    LOOKS,
    MOST_TURNS,
    TurnPlan,
    plan_unpaced_turns,
)
from bench.gates.paired.look import PairedScenario, look, rehearse
from bench.gates.paired.observation import Observation, log_ratios
from bench.gates.paired.power import mde, power
from bench.measure.answers import check_answers
from bench.model import machine
from bench.system import host
from bench.system.processes import Processes
from scenarios.model import Scenario

SESSIONS = (16, 32, 64, 128, 256)
"""The lengths of slices that are tried."""
METRIC = "cpu"
_USERS = 8

_LONG_PAIRS, _LONG_TURNS = 3, 3
_LONG_SLICE_S, _LONG_WARM_S = 0.6, 0.1

_WITH_CONTROL = 1.3
"""Measured: how much longer starting a pair takes because of the control."""
_WITH_PACED = 1.44
"""Measured: how much longer a turn takes because of turns at the fixed rate."""
_MEDIAN_COST = math.pi / 2
"""The variance of a median over that of a mean, for a normal distribution."""

_FILE = "noise.json"


@dataclass(frozen=True, slots=True)
class SliceNoise:
    """Slices of so many sessions: the standard deviation of a turn's log ratio, and the seconds a turn takes."""

    sessions: int
    turn_sd: float
    turn_s: float

    @property
    def cost(self) -> float:
        """The seconds that bring the standard deviation of the mean down to 1; a lower cost is a better length."""
        return self.turn_sd**2 * self.turn_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A machine's noise under one scenario, of a metric of a server against itself.

    `sessions` is the best length of a slice; `process_sd` is how much two processes of the same program differ for as
    long as they live, after endlessly many turns; `autocorrelation` is that of successive turns of a pair;
    `pair_start_s` is the time to start a pair; `seed` decided the orders.
    """

    setup: str
    scenario: str
    metric: str
    slices: tuple[SliceNoise, ...]
    sessions: int
    process_sd: float
    autocorrelation: float
    pair_start_s: float
    pairs_per_look: int
    seed: int | None = None

    @property
    def best(self) -> SliceNoise:
        """The slices of the best length, which were measured for longer than the others."""
        return next(one for one in self.slices if one.sessions == self.sessions)

    def sd(self, turns: float) -> float:
        """The standard deviation of a pair that is measured in so many turns."""
        return math.sqrt(self.process_sd**2 + _MEDIAN_COST * self.best.turn_sd**2 / max(1.0, turns))

    def turns(self, duration_s: float) -> float:
        """How many turns a pair gets in a comparison of this length.

        The looks and a confirmation share the time; the control and the turns at a fixed rate take their part of it.
        """
        look_s = duration_s / (LOOKS + 1) - _WITH_CONTROL * self.pair_start_s * self.pairs_per_look
        turn_s = _WITH_PACED * self.best.turn_s
        turns = (1 - CONTROL_SHARE) * look_s / self.pairs_per_look / turn_s
        return max(float(FEWEST_TURNS), min(float(MOST_TURNS), turns))

    def mde(self, duration_s: float) -> float:
        """The smallest change, as a share, that a comparison of this length finds in 95 % of cases."""
        return mde(self.sd(self.turns(duration_s)), LOOKS * self.pairs_per_look, self.pairs_per_look)

    def power(self, change: float, duration_s: float) -> float:
        """How often the last look would find a change, a share, and fresh pairs would confirm it."""
        sd = self.sd(self.turns(duration_s))
        return power(change, sd, LOOKS * self.pairs_per_look, self.pairs_per_look)


# --- measuring


def measure_noise(
    arm: Arm,
    scenario: Scenario,
    scenarios_file: Path | None,
    *,
    duration_s: float,
    pairs: int,
    seed: int,
    note: Callable[[str], None],
) -> Noise:
    """Measure the noise of a scenario for about so long on so many pairs. Raises ServerError and EngineError.

    Half of the time goes to slices of different lengths, the other half to the best of them. `note` is called with
    lines of progress.
    """
    rng = Random(seed)
    began_s = time.monotonic()
    note(f"starting {2 * pairs} servers")
    with _start_twins(arm, pairs, rng) as pool:
        start_s = (time.monotonic() - began_s) / pairs
        load = _PairedLoad(PairedScenario(scenario, pool, scenarios_file), rng)
        slices = load.slices(duration_s / 2, note)
        best = min(slices, key=lambda one: one.cost)
        note(f"turns of {best.sessions} sessions, for longer")
        observations = load.observe(best.sessions, duration_s / 2)
    spread = turn_sd(observations, METRIC)
    return Noise(
        setup=arm.setup.name,
        scenario=load.name,
        metric=METRIC,
        slices=tuple(replace(one, turn_sd=spread) if one is best else one for one in slices),
        sessions=best.sessions,
        process_sd=process_sd(observations, METRIC, spread),
        autocorrelation=autocorrelation(observations, METRIC),
        pair_start_s=start_s,
        pairs_per_look=pairs,
        seed=seed,
    )


def observe_long_turns(arm: Arm, scenario: Scenario, seed: int) -> list[Observation]:
    """Compare an arm's servers with themselves on three pairs, in three turns each of long slices.

    Long slices vary as the cells of `bench run` do, not as the short slices of a comparison. Takes about half a minute.
    Raises ServerError and EngineError.
    """
    rng = Random(seed)
    with _start_twins(arm, _LONG_PAIRS, rng) as pool:
        return _PairedLoad(PairedScenario(scenario, pool), rng).long_turns()


@contextlib.contextmanager
def _start_twins(arm: Arm, count: int, rng: Random) -> Iterator[list[ServerPair]]:
    """Start pairs of servers of the same arm, and move this process to its own CPUs."""
    cpus, own_cpus = host.cpus_for()
    with host.on_cpus(own_cpus), Processes() as processes:
        hash_seeds = [rng.randrange(1, 2**32) for _ in range(count)]
        with start_pairs(arm, replace(arm, name="head"), hash_seeds, processes, cpus) as pool:
            yield pool


class _PairedLoad:
    """A scenario on its pairs, which can be loaded for one period after another."""

    def __init__(self, paired: PairedScenario, rng: Random) -> None:
        check_answers(paired.scenario, paired.pairs[0].base.server)
        self.name = paired.scenario.name
        self._paired = paired
        self._rng = rng
        self._rate_per_s = rehearse(paired, _USERS)

    def observe(self, sessions: int, duration_s: float) -> list[Observation]:
        return self._look(
            plan_unpaced_turns(sessions, self._rate_per_s, len(self._paired.pairs), duration_s, users=_USERS)
        )

    def long_turns(self) -> list[Observation]:
        warm, measured = (
            max(_USERS, round(self._rate_per_s * span_s)) for span_s in (_LONG_WARM_S, _LONG_SLICE_S)
        )
        return self._look(
            TurnPlan(
                turns=_LONG_TURNS,
                warm=warm,
                measured=measured,
                users=_USERS,
                rate_per_s=self._rate_per_s,
                pace_every=0,
            )
        )

    def slices(self, duration_s: float, note: Callable[[str], None]) -> list[SliceNoise]:
        """The noise of slices of all lengths, measured for equal parts of the time."""
        slices = []
        for sessions in SESSIONS:
            note(f"turns of {sessions} sessions")
            slices.append(self._slice_noise(sessions, duration_s / len(SESSIONS)))
        return slices

    def _slice_noise(self, sessions: int, duration_s: float) -> SliceNoise:
        began_s = time.monotonic()
        observations = self.observe(sessions, duration_s)
        turns = sum(len(one.turns) for one in observations)
        return SliceNoise(sessions, turn_sd(observations, METRIC), (time.monotonic() - began_s) / turns)

    def _look(self, plan: TurnPlan) -> list[Observation]:
        return look({self.name: self._paired}, {self.name: plan}, self._rng.getrandbits(32))[self.name]


def turn_sd(observations: Sequence[Observation], metric: str) -> float:
    """The standard deviation of a turn, by the median distance from its pair's median; outliers do not count."""
    distances = [
        abs(value - statistics.median(values))
        for one in observations
        for values in [log_ratios(one.turns, metric)]
        for value in values
    ]
    return 1.4826 * statistics.median(distances)


def process_sd(observations: Sequence[Observation], metric: str, of_turn: float) -> float:
    """How much pairs differ beyond the noise of their turns, `of_turn`; 0 where that explains all of it."""
    middles = [statistics.median(log_ratios(one.turns, metric)) for one in observations]
    turns = statistics.median(len(one.turns) for one in observations)
    return math.sqrt(max(0.0, statistics.variance(middles) - _MEDIAN_COST * of_turn**2 / turns))


def autocorrelation(observations: Sequence[Observation], metric: str) -> float:
    """The correlation of a turn with the next one of the same pair, over all pairs; 0 without any spread."""
    both = spread = 0.0
    for one in observations:
        values = log_ratios(one.turns, metric)
        middle = statistics.mean(values)
        off = [value - middle for value in values]
        both += sum(a * b for a, b in itertools.pairwise(off))
        spread += sum(value**2 for value in off)
    return both / spread if spread else 0.0


# --- on disk


def store_noise(noise: Noise, folder: Path) -> Path:
    """Write the noise down together with facts of the machine; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _FILE
    path.write_text(json.dumps({"machine": _machine(), "noise": asdict(noise)}, indent=2) + "\n")
    return path


def load_noise(folder: Path) -> Noise | None:
    """The noise that was written down for this machine; None where there is none, or that of another machine."""
    try:
        stored = json.loads((folder / _FILE).read_text())
        return parse_noise(stored["noise"]) if stored["machine"] == _machine() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def parse_noise(stored: Mapping[str, object]) -> Noise:
    """The Noise of the fields from `dataclasses.asdict`. Raises KeyError, TypeError or ValueError at other fields."""
    fields = dict(stored)
    slices = tuple(SliceNoise(**one) for one in fields.pop("slices"))  # type: ignore[attr-defined]
    return Noise(slices=slices, **fields)  # type: ignore[arg-type]


def _machine() -> dict[str, object]:
    """Facts that the noise depends on."""
    known = host.fingerprint()
    return {name: known[name] for name in machine.OF_NOISE}
