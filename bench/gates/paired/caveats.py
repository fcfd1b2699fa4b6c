"""Caveats of a comparison, from figures of the machine and of the gate itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from bench.gates.paired.judging import is_suspect
from bench.gates.paired.observation import ARMS, METRICS, Observation
from bench.model.change import Change
from bench.results.caveats import (
    GENERATOR_SHARE,
    LAG_FLOOR_MS,
    LAG_SHARE,
    OTHER_LOAD,
    OTHERS_SHARE,
    STEAL,
    STEAL_SHARE,
)
from bench.system.cpus import Shared

HEAVY_SHARE = 0.50
"""From here on wall times stay open: others had half of the servers' or the gate's CPUs. CPU time is still right."""
WALL = ("throughput", "p50", "p99")
ONE_CPU, SATURATED, LAG = "one-cpu", "generator-saturated", "lag"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Shares of the servers' and of the gate's CPUs that others had during a look.

    The hypervisor took `steal`, processes that are not ours took `others`.
    """

    steal_of_server: float = 0.0
    steal_of_gate: float = 0.0
    others_of_server: float = 0.0
    others_of_gate: float = 0.0


@dataclass(frozen=True, slots=True)
class PairedCaveat:
    """A code, a sentence for the reader, and the rows that it leaves open: these metrics of a scenario, or of all."""

    code: str
    text: str
    metrics: tuple[str, ...] = ()
    scenario: str | None = None


def worst(looks: Sequence[Conditions]) -> Conditions:
    """The largest share of any look, for each field separately."""
    names = [field.name for field in fields(Conditions)]
    return Conditions(*(max((getattr(one, name) for one in looks), default=0.0) for name in names))


def find_caveats(
    pairs: Mapping[str, Sequence[Observation]], looks: Sequence[Conditions], *, shared: Shared
) -> list[PairedCaveat]:
    """All caveats: of the machine, of each scenario by its observations, and of the conditions of all looks."""
    of_scenarios = [
        caveat
        for name, observations in pairs.items()
        for caveat in (*_saturated(name, observations), *_lag(name, observations))
    ]
    return [*_shared(shared), *of_scenarios, *_steal(worst(looks)), *_others(worst(looks))]


def open_doubtful(changes: Sequence[Change], caveats: Sequence[PairedCaveat]) -> list[Change]:
    """The changes; those that a caveat concerns are inconclusive."""
    return [_open_doubtful(change, caveats) for change in changes]


def _open_doubtful(change: Change, caveats: Sequence[PairedCaveat]) -> Change:
    """A saturated gate leaves throughput open, but the verdict of CPU per request does not wait for it."""
    for caveat in caveats:
        if change.metric in caveat.metrics and caveat.scenario in (None, change.name):
            beside = change.beside or (caveat.code == SATURATED and not is_suspect(change))
            change = replace(change, verdict="inconclusive", beside=beside, why=(*change.why, caveat.text))
    return change


def _shared(shared: Shared) -> Iterator[PairedCaveat]:
    if shared == "core":
        yield PairedCaveat(
            "shared-core",
            "the servers and the gate ran on two hyperthreads of one core: each slowed the other",
        )
    elif shared == "cpu":
        yield PairedCaveat(
            ONE_CPU,
            "the servers and the gate had to share the only CPU, and each disturbed the other: run this on two CPUs "
            "or more",
            METRICS,
        )


def _saturated(name: str, observations: Sequence[Observation]) -> Iterator[PairedCaveat]:
    """Only where the gate limited both arms: if it limited one, the other's throughput still shows a direction."""
    if not observations:
        return
    share = min(median(one.own_cpu_share(arm) for one in observations) for arm in ARMS)
    if share > GENERATOR_SHARE:
        yield PairedCaveat(
            SATURATED,
            f"{name}: the gate used {share:.0%} of its core: throughput is the gate's own, not the servers'; "
            "CPU per request is right",
            ("throughput",),
            name,
        )


def _lag(name: str, observations: Sequence[Observation]) -> Iterator[PairedCaveat]:
    arms = [arm for one in observations for arm in (one.base, one.head)]
    late_ms = [arm.late_p99_ms for arm in arms if arm.late_p99_ms is not None]
    response_ms = [arm.p50_ms for arm in arms if arm.p50_ms is not None]
    if late_ms and response_ms:
        late, usual = median(late_ms), median(response_ms)
        if late > max(LAG_FLOOR_MS, LAG_SHARE * usual):
            yield PairedCaveat(
                LAG,
                f"{name}: at the fixed rate 1 % of the requests left {late:.2f} ms late or more, with a median "
                f"response of {usual:.2f} ms",
                ("p50", "p99"),
                name,
            )


def _steal(most: Conditions) -> Iterator[PairedCaveat]:
    for whose, share in (("servers'", most.steal_of_server), ("gate's", most.steal_of_gate)):
        if share > STEAL_SHARE:
            yield PairedCaveat(
                STEAL,
                f"the hypervisor took {share:.1%} of the {whose} CPUs away",
                WALL if share > HEAVY_SHARE else (),
            )


def _others(most: Conditions) -> Iterator[PairedCaveat]:
    for whose, share in (("servers'", most.others_of_server), ("gate's", most.others_of_gate)):
        if share > OTHERS_SHARE:
            heavy = share > HEAVY_SHARE
            more = ": too much to judge wall times by; stop them and run this again" if heavy else ""
            text = f"other processes took {share:.0%} of the {whose} CPUs{more}"
            yield PairedCaveat(OTHER_LOAD, text, WALL if heavy else ())
