"""What makes a comparison doubtful: figures of the machine and of the gate itself -> doubts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from bench.gates.paired.observation import METRICS, Observation
from bench.gates.paired.verdicts import is_suspect
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
"""From here on wall times are left open: others had half of one side's CPUs. CPU time stays a process's own."""
WALL = ("throughput", "p50", "p99")
ONE_CPU, SATURATED, LAG = "one-cpu", "generator-saturated", "lag"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a look took place in: shares of the server's CPUs, and of the gate's, that it did not have.

    `steal` is what the hypervisor took, `others` what processes took that are not ours.
    """

    steal_of_server: float = 0.0
    steal_of_gate: float = 0.0
    others_of_server: float = 0.0
    others_of_gate: float = 0.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A code, a sentence for the reader, and the rows that it leaves open: these metrics, of all scenarios for None."""

    code: str
    text: str
    metrics: tuple[str, ...] = ()
    scenario: str | None = None


def worst(looks: Sequence[Conditions]) -> Conditions:
    """The largest share of any look, each for itself."""
    names = [field.name for field in fields(Conditions)]
    return Conditions(*(max((getattr(one, name) for one in looks), default=0.0) for name in names))


def doubts(
    pairs: Mapping[str, Sequence[Observation]], looks: Sequence[Conditions], *, shared: Shared
) -> list[Doubt]:
    """All that is doubtful, by scenario and over all looks."""
    found = [doubt for name, seen in pairs.items() for doubt in (*_saturated(name, seen), *_lag(name, seen))]
    return [*_shared(shared), *found, *_steal(worst(looks)), *_others(worst(looks))]


def doubted(changes: Sequence[Change], found: Sequence[Doubt]) -> list[Change]:
    """The changes, those that a doubt concerns left open."""
    return [_doubted(change, found) for change in changes]


def _doubted(change: Change, found: Sequence[Doubt]) -> Change:
    """Throughput that was the gate's own proves nothing, but CPU per request is right: "no change" need not wait."""
    for doubt in found:
        if change.metric in doubt.metrics and doubt.scenario in (None, change.name):
            beside = change.beside or (doubt.code == SATURATED and not is_suspect(change))
            change = replace(change, verdict="inconclusive", beside=beside, why=(*change.why, doubt.text))
    return change


def _shared(shared: Shared) -> Iterator[Doubt]:
    if shared == "core":
        yield Doubt(
            "shared-core",
            "the servers and the gate ran on two hyperthreads of one core: each slowed the other",
        )
    elif shared == "cpu":
        yield Doubt(
            ONE_CPU,
            "the servers and the gate had to share the only CPU, and each disturbed the other: run this on two CPUs "
            "or more",
            METRICS,
        )


def _saturated(name: str, seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Only where the gate was the limit for both sides: the slower side's own throughput is enough for a direction."""
    if not seen:
        return
    share = min(median(one.own_cpu_share(side) for one in seen) for side in ("base", "head"))
    if share > GENERATOR_SHARE:
        yield Doubt(
            SATURATED,
            f"{name}: the gate used {share:.0%} of its core: throughput is the gate's own, not the servers'; "
            "CPU per request is right",
            ("throughput",),
            name,
        )


def _lag(name: str, seen: Sequence[Observation]) -> Iterator[Doubt]:
    sides = [side for one in seen for side in (one.base, one.head)]
    late_ms = [side.late_p99_ms for side in sides if side.late_p99_ms is not None]
    response_ms = [side.p50_ms for side in sides if side.p50_ms is not None]
    if late_ms and response_ms:
        late, usual = median(late_ms), median(response_ms)
        if late > max(LAG_FLOOR_MS, LAG_SHARE * usual):
            yield Doubt(
                LAG,
                f"{name}: at the fixed rate 1 % of the requests left {late:.2f} ms late or more, with a median "
                f"response of {usual:.2f} ms",
                ("p50", "p99"),
                name,
            )


def _steal(most: Conditions) -> Iterator[Doubt]:
    for whose, share in (("servers'", most.steal_of_server), ("gate's", most.steal_of_gate)):
        if share > STEAL_SHARE:
            yield Doubt(
                STEAL,
                f"the hypervisor took {share:.1%} of the {whose} CPUs away",
                WALL if share > HEAVY_SHARE else (),
            )


def _others(most: Conditions) -> Iterator[Doubt]:
    for whose, share in (("servers'", most.others_of_server), ("gate's", most.others_of_gate)):
        if share > OTHERS_SHARE:
            heavy = share > HEAVY_SHARE
            more = ": too much to judge wall times by; stop them and run this again" if heavy else ""
            text = f"other processes took {share:.0%} of the {whose} CPUs{more}"
            yield Doubt(OTHER_LOAD, text, WALL if heavy else ())
