"""A test of Locust's, as it was observed -> the records of a run, one a scenario, and the facts of `run.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from bench.measure.answers import CheckedSession
from bench.measure.measurement import ErrorEvidence, LoadResult, Measurement, ServerReadings, make_record
from bench.model.plan import Block, Cell, ClosedLoad, Setup, Stage
from bench.model.readings import Telemetry
from bench.model.record import SCHEMA, Caveat, FleetGenerator, Record
from bench.model.samples import Recording
from bench.results.caveats import MIXED, SERVER_NOT_SEEN

TIMEOUT_S = 60.0
"""After which a user of ours gives an answer up."""
WHOLE = "all-classes"
"""In place of a scenario: the record of a test with several, all requests together."""
_NO_ERRORS = ErrorEvidence()
BY_HAND = Setup("by-hand", "running", about="A server that was not started by `bench locust`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFacts:
    """A scenario of a test: its text, its group and variant, and the most users that it had at once.

    They paused for `think_s` between their sessions, on average. `rhythm` says in words when these began.
    """

    about: str
    group: str
    variant: str
    users: int = 0
    think_s: float = 0.0
    rhythm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustTest:
    """A test, from Start to Stop: `span_ns` is its measured part, by CLOCK_MONOTONIC.

    `users` are the most that there were at once. `rhythm` says in words when sessions of all of them began. A single
    stage, from the start to the end, does not count as one. `fail_if` are the limits that its objectives make,
    `caveats` those of whoever led it, and `fleet` the generators that were led.
    """

    engine: str
    started_at: str
    span_ns: tuple[int, int]
    users: int
    rhythm: str = ""
    scenarios: Mapping[str, ScenarioFacts]
    stages: tuple[Stage, ...] = ()
    fail_if: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    fleet: tuple[FleetGenerator, ...] = ()

    @property
    def duration_s(self) -> float:
        return (self.span_ns[1] - self.span_ns[0]) / 1e9

    @property
    def think_s(self) -> float:
        """The mean pause of all users."""
        parts = [one for one in self.scenarios.values() if one.users]
        return round(
            sum(one.users * one.think_s for one in parts) / max(1, sum(one.users for one in parts)), 3
        )

    def load(self, users: int, think_s: float) -> ClosedLoad:
        """The load of so many of its users."""
        return ClosedLoad(max(1, users), round(self.duration_s, 3), 0.0, think_s=think_s, timeout_s=TIMEOUT_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSide:
    """The server of a test, as it was seen next to the load; without processes where it is none of ours.

    `given` is the setup with its placeholders, as in `run.json`. `telemetry`, `others_share` and `services_cpu_s` are
    as in `Measurement`, `profile` as in the record.
    """

    setup: Setup
    given: Setup | None = None
    readings: ServerReadings
    telemetry: Mapping[int, Sequence[Telemetry]]
    others_share: float
    services_cpu_s: float
    server_cpus: Sequence[int] = ()
    generator_cpus: Sequence[int] = ()
    profile: str | None = None


def make_records(
    run: str,
    test: LocustTest,
    server: ServerSide,
    samples: tuple[Recording, Mapping[str, Recording], int],
    evidence: Callable[[Recording], ErrorEvidence] = lambda _: _NO_ERRORS,
) -> Iterator[Record]:
    """The records of a test: of its only scenario, or of each, and then of the whole, which is named `all-classes`.

    `samples` are those of the whole, those of each scenario, and the number of the processes that made them. The server
    worked for all scenarios at once: each record has its resources and the cost of the generator in full.
    """
    everything, by_scenario, processes = samples
    alone = next(iter(by_scenario), next(iter(test.scenarios), WHOLE)) if len(by_scenario) < 2 else ""
    whole = _record(
        run, test, server, (everything, processes), errors=evidence(everything), scenario=alone or WHOLE
    )
    if alone:
        yield whole
        return
    for name, some in by_scenario.items():
        record = _record(run, test, server, (some, processes), errors=evidence(some), scenario=name)
        yield replace(record, resources=whole.resources, generator=whole.generator)
    yield whole


def _record(
    run: str,
    test: LocustTest,
    server: ServerSide,
    samples: tuple[Recording, int],
    *,
    errors: ErrorEvidence,
    scenario: str,
) -> Record:
    recording, processes = samples
    facts = test.scenarios.get(scenario)
    users, think_s = (facts.users, facts.think_s) if facts else (test.users, test.think_s)
    load = test.load(users, think_s)
    measurement = Measurement(
        cell=Cell(server.setup.name, scenario, test.engine, load),
        started_at=test.started_at,
        load=LoadResult(
            samples=recording,
            bystander=None,
            generators=processes,
            others_share=server.others_share,
            services_cpu_s=server.services_cpu_s,
        ),
        readings=server.readings,
        telemetry=server.telemetry,
        server_cpus=server.server_cpus,
        generator_cpus=server.generator_cpus,
        own_cpus=(),
        ping_cpu_us=None,
        checked=CheckedSession(),
        profile=server.profile,
        errors=errors,
        stages=test.stages if len(test.stages) > 1 else (),
    )
    made = make_record(run, measurement, lambda _: _doubts(test, server, scenario))
    return replace(made, fleet=test.fleet)


def _doubts(test: LocustTest, server: ServerSide, scenario: str) -> Iterator[Caveat]:
    yield from test.caveats
    if server.setup.name == BY_HAND.name:
        yield Caveat(
            SERVER_NOT_SEEN,
            "Locust was started by hand: the CPU time and the memory of the server are not known; `bench locust` sees "
            "the server that it starts",
        )
    others = [f"{name} ({one.users} users)" for name, one in test.scenarios.items() if name != scenario]
    if scenario != WHOLE and others:
        yield Caveat(
            MIXED,
            f"it ran at the same time as {', '.join(others)}: CPU time and memory, of the server and of the generator, "
            "are those of all together",
        )


def run_facts(
    run: str,
    test: LocustTest,
    setup: Setup,
    records: Sequence[Record],
    known: Mapping[str, object],
    *,
    interrupted: bool,
) -> dict[str, object]:
    """The contents of `run.json` of a test; `known` are the facts that do not depend on it."""
    return {
        "schema": SCHEMA,
        "run": run,
        "started_at": test.started_at,
        "finished": not interrupted,
        **({"interrupted": True} if interrupted else {}),
        "plan": _plan(test, setup, records),
        "seed": None,
        **known,
        "took_s": round(test.duration_s, 1),
        "rounds": 1,
    }


def _users(one: ScenarioFacts) -> str:
    return ", ".join(filter(None, (f"{one.users} users", one.rhythm)))


def _plan(test: LocustTest, setup: Setup, records: Sequence[Record]) -> dict[str, object]:
    mixed = ", ".join(f"{name} ({_users(one)})" for name, one in test.scenarios.items())
    cells = [record.cell for record in records]
    blocks = [Block((one.setup,), (one.scenario,), (one.engine,), (one.load,), rounds=1) for one in cells]
    whole = {WHOLE: f"All user classes together: {mixed}."} if len(cells) > 1 else {}
    return {
        "name": "locust",
        "about": f"A test in Locust: {'; '.join(filter(None, (mixed or 'no users', test.rhythm)))}.",
        "cells": len(cells),
        "minutes": None,
        "long": True,
        "blocks": [asdict(one) for one in blocks],
        "setups": {setup.name: asdict(setup)},
        "scenarios": {name: one.about for name, one in test.scenarios.items()} | whole,
        "variants": {name: [one.group, one.variant] for name, one in test.scenarios.items()},
        "fail_if": list(test.fail_if),
        "by_hand": True,
    }
