"""The facts of a run: what `run.json` says of it, typed. Field names are those of the file.

Runs of before, and runs that were cut off, have gaps: a fact that is missing or of another type is None or empty here.
`RunFacts.source` keeps the file as it is, with fields that this version does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GitFacts:
    """The commit of the source that was measured; `dirty` where it had changes that no commit holds."""

    commit: str
    dirty: bool = False


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
        return _count(self.fields.get("workers"))

    @property
    def loop(self) -> str | None:
        return _text(self.fields.get("loop"))

    @property
    def services(self) -> tuple[str, ...]:
        return _texts(self.fields.get("services"))

    @property
    def env(self) -> Mapping[str, object]:
        return _mapping(self.fields.get("env"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """The plan: setups and scenarios by name; of scenarios the text that says what they are about.

    `variants` gives the group and the variant of a scenario; runs from before it was kept have them in the name alone.
    """

    name: str | None = None
    about: str | None = None
    cells: int | None = None
    blocks: tuple[Mapping[str, object], ...] = ()
    setups: Mapping[str, SetupFacts] = field(default_factory=dict)
    scenarios: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[str, tuple[str, str]] = field(default_factory=dict)

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
    """Everything that `run.json` says; `left_out` gives by setup why it was not measured."""

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
    interrupted: bool = False
    source: Mapping[str, object] = field(default_factory=dict)


def read_facts(content: object) -> RunFacts:
    """The facts that stand in a `run.json`, which is JSON by now or what JSON will be made of."""
    source = _mapping(content)
    return RunFacts(
        schema=_count(source.get("schema")),
        run=_text(source.get("run")),
        started_at=_text(source.get("started_at")),
        finished=source.get("finished") is True,
        plan=_plan(_mapping(source.get("plan"))),
        seed=_count(source.get("seed")),
        cpus=_cpus(_mapping(source.get("cpus"))),
        host=_optional(read_host, source.get("host")),
        environment=_optional(_environment, source.get("environment")),
        left_out=_words(source.get("left_out")),
        capacity=_optional(_capacity, source.get("capacity")),
        scaling=_optional(_scaling, source.get("scaling")),
        took_s=_number(source.get("took_s")),
        interrupted=source.get("interrupted") is True,
        source=source,
    )


def read_host(source: Mapping[str, object]) -> HostFacts:
    """The facts of a host, as `host.fingerprint` gives them."""
    git = _mapping(source.get("git"))
    commit = _text(git.get("commit"))
    return HostFacts(
        cpu_model=_text(source.get("cpu_model")),
        cores=_count(source.get("cores")),
        kernel=_text(source.get("kernel")),
        system=_text(source.get("system")),
        governor=_text(source.get("governor")),
        virtualisation=_text(source.get("virtualisation")),
        memory_bytes=_count(source.get("memory_bytes")),
        python=_text(source.get("python")),
        load_average=_numbers(source.get("load_average")),
        versions=_words(source.get("versions")),
        git=GitFacts(commit, bool(git.get("dirty"))) if commit else None,
        machine=_text(source.get("machine")),
        compiler=_text(source.get("compiler")),
    )


def _plan(source: Mapping[str, object]) -> PlanFacts:
    setups = source.get("setups")
    if isinstance(setups, (list, tuple)):  # as the first runs had them
        setups = {str(_mapping(setup).get("name")): setup for setup in setups}
    return PlanFacts(
        name=_text(source.get("name")),
        about=_text(source.get("about")),
        cells=_count(source.get("cells")),
        blocks=tuple(map(_mapping, _list(source.get("blocks")))),
        setups={str(name): SetupFacts(_mapping(fields)) for name, fields in _mapping(setups).items()},
        scenarios=_words(source.get("scenarios")),
        variants=dict(_variants(_mapping(source.get("variants")))),
    )


def _variants(source: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, pair in source.items():
        match _texts(pair):
            case (group, variant):
                yield name, (group, variant)


def _cpus(source: Mapping[str, object]) -> CpuFacts:
    server, generator, harness = (
        _cpu_numbers(source.get(part)) for part in ("server", "generator", "harness")
    )
    return CpuFacts(server, generator, harness, _number(source.get("quota")))


def _environment(source: Mapping[str, object]) -> EnvironmentFacts:
    dotenv = source.get("dotenv")
    return EnvironmentFacts(_words(source.get("settings")), dotenv if isinstance(dotenv, bool) else None)


def _capacity(source: Mapping[str, object]) -> CapacityFacts:
    return CapacityFacts(
        setup=str(source.get("setup", "")),
        scenario=str(source.get("scenario", "")),
        objectives=_texts(source.get("objectives")),
        tolerance=_number(source.get("tolerance")),
        arrivals_per_s=_number(source.get("arrivals_per_s")),
        held=_count(source.get("held")),
        failed=_count(source.get("failed")),
        limit=str(source.get("limit", "")),
        knee_per_s=_number(source.get("knee_per_s")),
        confirmations=tuple(_confirmations(source.get("confirmations"))),
    )


def _confirmations(listed: object) -> Iterator[ConfirmationFacts]:
    for one in map(_mapping, _list(listed)):
        rate, held, failed = (
            _number(one.get("arrivals_per_s")),
            _count(one.get("held")),
            _count(one.get("failed")),
        )
        if rate is not None and held is not None and failed is not None:
            yield ConfirmationFacts(rate, held, failed, _number(one.get("duration_s")))


def _scaling(source: Mapping[str, object]) -> ScalingFacts:
    throughputs = _mapping(source.get("throughput_rps"))
    return ScalingFacts(
        setup=str(source.get("setup", "")),
        scenario=str(source.get("scenario", "")),
        cpus=_count(source.get("cpus")),
        throughput_rps={str(n): rps for n, rps in throughputs.items() if isinstance(rps, (int, float))},
        lambda_rps=_number(source.get("lambda_rps")),
        sigma=_number(source.get("sigma")),
        kappa=_number(source.get("kappa")),
        peak_workers=_number(source.get("peak_workers")),
        held_back_by=_text(source.get("held_back_by")),
    )


# --- values --------------------------------------------------------------------------------------


def _mapping(thing: object) -> Mapping[str, object]:
    return thing if isinstance(thing, Mapping) else {}


def _optional(part: Callable[[Mapping[str, object]], T], thing: object) -> T | None:
    """A part of the facts; None where it is missing or empty."""
    source = _mapping(thing)
    return part(source) if source else None


def _list(thing: object) -> tuple[object, ...]:
    return tuple(thing) if isinstance(thing, (list, tuple)) else ()


def _text(thing: object) -> str | None:
    return thing if isinstance(thing, str) else None


def _texts(thing: object) -> tuple[str, ...]:
    return tuple(map(str, _list(thing)))


def _words(thing: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in _mapping(thing).items()}


def _count(thing: object) -> int | None:
    return thing if isinstance(thing, int) and not isinstance(thing, bool) else None


def _number(thing: object) -> float | None:
    return thing if isinstance(thing, (int, float)) and not isinstance(thing, bool) else None


def _numbers(thing: object) -> tuple[float, ...]:
    return tuple(number for one in _list(thing) if (number := _number(one)) is not None)


def _cpu_numbers(thing: object) -> tuple[int, ...] | None:
    if not isinstance(thing, (list, tuple)):
        return None
    return tuple(number for one in thing if (number := _count(one)) is not None)
