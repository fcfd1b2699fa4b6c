"""The facts of a run: what `run.json` says of it, typed. Field names are those of the file.

Runs of before, and runs that were cut off, have gaps: a fact that is missing or of another type is None or empty here.
`RunFacts.source` keeps the file as it is, with fields that this version does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bench.model.json_values import (
    as_count,
    as_counts,
    as_list,
    as_mapping,
    as_number,
    as_numbers,
    as_text,
    as_texts,
    as_words,
    read_part,
)
from bench.model.secrets import mask_json
from bench.model.service import SERVICES, GitFacts, ServiceFacts, read_git, read_services


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """The machine, the interpreter and the packages; `unknown` counts as missing only where hosts are compared.

    `machine` and `compiler` are known of files of pytest-benchmark alone.
    """

    cpu_model: str | None = None
    cores: int | None = None
    kernel: str | None = None
    system: str | None = None
    governor: str | None = None
    virtualisation: str | None = None
    memory_bytes: int | None = None
    python: str | None = None
    load_average: tuple[float, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    git: GitFacts | None = None
    machine: str | None = None
    compiler: str | None = None


@dataclass(frozen=True, slots=True)
class CpuFacts:
    """The CPUs that each part was pinned to, None where that is missing, and the CPU quota in CPUs."""

    server: tuple[int, ...] | None = None
    generator: tuple[int, ...] | None = None
    harness: tuple[int, ...] | None = None
    quota: float | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The environment that reached the app besides its setup: settings, secret ones masked, and a .env file."""

    settings: Mapping[str, str] = field(default_factory=dict)
    dotenv: bool | None = None


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """A setup as the plan had it. `fields` are its keys and values, for who compares them; older runs have fewer."""

    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def workers(self) -> int | None:
        return as_count(self.fields.get("workers"))

    @property
    def loop(self) -> str | None:
        return as_text(self.fields.get("loop"))

    @property
    def services(self) -> tuple[str, ...]:
        return as_texts(self.fields.get("services"))

    @property
    def env(self) -> Mapping[str, object]:
        return as_mapping(self.fields.get("env"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """The plan: setups and scenarios by name; of scenarios the text that says what they are about.

    `variants` gives the group and the variant of a scenario; runs from before it was kept have them in the name alone.
    `fail_if` are the limits with which the run fails, such as `p99>50ms`. A plan `by_hand` was none: somebody
    started and stopped a test, so that it is as long as it happened to be, and `about` says who took part.
    """

    name: str | None = None
    about: str | None = None
    cells: int | None = None
    minutes: float | None = None
    long: bool = False
    blocks: tuple[Mapping[str, object], ...] = ()
    setups: Mapping[str, SetupFacts] = field(default_factory=dict)
    scenarios: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fail_if: tuple[str, ...] = ()
    by_hand: bool = False

    def variant(self, scenario: str) -> tuple[str, str]:
        """A scenario's group and variant: `db-orm-async` is the variant `async` of `db-orm` unless the plan says."""
        group, _, variant = scenario.rpartition("-")
        return self.variants.get(scenario, (group or scenario, variant))

    def setup(self, name: str) -> SetupFacts:
        """A setup by its name; one without fields where the plan does not know it."""
        return self.setups.get(name, SetupFacts())


@dataclass(frozen=True, slots=True)
class ConfirmationFacts:
    """How often an arrival rate held and failed in the long trials of a capacity search."""

    arrivals_per_s: float
    held: int
    failed: int
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityFacts:
    """A capacity search and its answer: `arrivals_per_s` is None where nothing held, or it was cut short."""

    setup: str = ""
    scenario: str = ""
    objectives: tuple[str, ...] = ()
    tolerance: float | None = None
    arrivals_per_s: float | None = None
    held: int | None = None
    failed: int | None = None
    limit: str = ""
    knee_per_s: float | None = None
    confirmations: tuple[ConfirmationFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingFacts:
    """A run over numbers of workers; what follows `cpus` is added when it has ended, throughput by workers."""

    setup: str = ""
    scenario: str = ""
    cpus: int | None = None
    throughput_rps: Mapping[str, float] = field(default_factory=dict)
    lambda_rps: float | None = None
    sigma: float | None = None
    kappa: float | None = None
    peak_workers: float | None = None
    held_back_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Everything that `run.json` says; `left_out` gives by setup why it was not measured.

    `host` is about the harness; `services_under_test` is empty where the app is its own, and in runs of before.
    """

    schema: int | None = None
    run: str | None = None
    started_at: str | None = None
    finished: bool = False
    plan: PlanFacts = PlanFacts()
    seed: int | None = None
    cpus: CpuFacts = CpuFacts()
    host: HostFacts | None = None
    environment: EnvironmentFacts | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    capacity: CapacityFacts | None = None
    scaling: ScalingFacts | None = None
    took_s: float | None = None
    rounds: int | None = None
    interrupted: bool = False
    services_under_test: tuple[ServiceFacts, ...] = ()
    source: Mapping[str, object] = field(default_factory=dict)


def read_facts(content: object) -> RunFacts:
    """The facts that stand in a `run.json`, which is JSON by now or what JSON will be made of, secrets masked."""
    source = as_mapping(mask_json(as_mapping(content)))
    return RunFacts(
        schema=as_count(source.get("schema")),
        run=as_text(source.get("run")),
        started_at=as_text(source.get("started_at")),
        finished=source.get("finished") is True,
        plan=_plan(as_mapping(source.get("plan"))),
        seed=as_count(source.get("seed")),
        cpus=_cpus(as_mapping(source.get("cpus"))),
        host=read_part(read_host, source.get("host")),
        environment=read_part(_environment, source.get("environment")),
        left_out=as_words(source.get("left_out")),
        capacity=read_part(_capacity, source.get("capacity")),
        scaling=read_part(_scaling, source.get("scaling")),
        took_s=as_number(source.get("took_s")),
        rounds=as_count(source.get("rounds")),
        interrupted=source.get("interrupted") is True,
        services_under_test=tuple(read_services(source.get(SERVICES))),
        source=source,
    )


def read_host(source: Mapping[str, object]) -> HostFacts:
    """The facts of a host, as `host.fingerprint` gives them."""
    return HostFacts(
        cpu_model=as_text(source.get("cpu_model")),
        cores=as_count(source.get("cores")),
        kernel=as_text(source.get("kernel")),
        system=as_text(source.get("system")),
        governor=as_text(source.get("governor")),
        virtualisation=as_text(source.get("virtualisation")),
        memory_bytes=as_count(source.get("memory_bytes")),
        python=as_text(source.get("python")),
        load_average=as_numbers(source.get("load_average")),
        versions=as_words(source.get("versions")),
        git=read_git(source.get("git")),
        machine=as_text(source.get("machine")),
        compiler=as_text(source.get("compiler")),
    )


def _plan(source: Mapping[str, object]) -> PlanFacts:
    setups = source.get("setups")
    if isinstance(setups, (list, tuple)):  # as the first runs had them
        setups = {str(as_mapping(setup).get("name")): setup for setup in setups}
    return PlanFacts(
        name=as_text(source.get("name")),
        about=as_text(source.get("about")),
        cells=as_count(source.get("cells")),
        minutes=as_number(source.get("minutes")),
        long=source.get("long") is True,
        blocks=tuple(map(as_mapping, as_list(source.get("blocks")))),
        setups={str(name): SetupFacts(as_mapping(fields)) for name, fields in as_mapping(setups).items()},
        scenarios=as_words(source.get("scenarios")),
        variants=dict(_variants(as_mapping(source.get("variants")))),
        fail_if=as_texts(source.get("fail_if")),
        by_hand=source.get("by_hand") is True,
    )


def _variants(source: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, pair in source.items():
        match as_texts(pair):
            case (group, variant):
                yield name, (group, variant)


def _cpus(source: Mapping[str, object]) -> CpuFacts:
    server, generator, harness = (as_counts(source.get(part)) for part in ("server", "generator", "harness"))
    return CpuFacts(server, generator, harness, as_number(source.get("quota")))


def _environment(source: Mapping[str, object]) -> EnvironmentFacts:
    dotenv = source.get("dotenv")
    return EnvironmentFacts(as_words(source.get("settings")), dotenv if isinstance(dotenv, bool) else None)


def _capacity(source: Mapping[str, object]) -> CapacityFacts:
    return CapacityFacts(
        setup=str(source.get("setup", "")),
        scenario=str(source.get("scenario", "")),
        objectives=as_texts(source.get("objectives")),
        tolerance=as_number(source.get("tolerance")),
        arrivals_per_s=as_number(source.get("arrivals_per_s")),
        held=as_count(source.get("held")),
        failed=as_count(source.get("failed")),
        limit=str(source.get("limit", "")),
        knee_per_s=as_number(source.get("knee_per_s")),
        confirmations=tuple(_confirmations(source.get("confirmations"))),
    )


def _confirmations(listed: object) -> Iterator[ConfirmationFacts]:
    for one in map(as_mapping, as_list(listed)):
        rate = as_number(one.get("arrivals_per_s"))
        held, failed = as_count(one.get("held")), as_count(one.get("failed"))
        if rate is not None and held is not None and failed is not None:
            yield ConfirmationFacts(rate, held, failed, as_number(one.get("duration_s")))


def _scaling(source: Mapping[str, object]) -> ScalingFacts:
    throughputs = as_mapping(source.get("throughput_rps"))
    return ScalingFacts(
        setup=str(source.get("setup", "")),
        scenario=str(source.get("scenario", "")),
        cpus=as_count(source.get("cpus")),
        throughput_rps={str(n): rps for n, rps in throughputs.items() if isinstance(rps, (int, float))},
        lambda_rps=as_number(source.get("lambda_rps")),
        sigma=as_number(source.get("sigma")),
        kappa=as_number(source.get("kappa")),
        peak_workers=as_number(source.get("peak_workers")),
        held_back_by=as_text(source.get("held_back_by")),
    )
