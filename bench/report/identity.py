"""The services of a run and the harness next to them, in lines of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.model.facts import HostFacts, RunFacts
from bench.model.service import SERVICES, GitFacts, ServiceFacts

_OURS = "fastapi-bench"


def title_lines(facts: RunFacts) -> Iterator[tuple[str, str]]:
    """A line for each service, and one for the harness; none where the app is the harness's own."""
    services = facts.services_under_test
    for one in services:
        of = f" ({', '.join(one.setups)})" if len(services) > 1 else ""
        count = f"{len(one.packages)} packages" if one.packages else ""
        yield f"service{of}", _join(one.name, _commit(one.git), one.python, count)
    if services:
        host = facts.host or HostFacts()
        version = host.versions.get(_OURS)
        yield "harness", _join(f"{_OURS} {version}" if version else _OURS, _commit(host.git), host.python)


def service_lines(facts: RunFacts) -> Iterator[tuple[str, str]]:
    """Everything that is known of the services, their packages as `name==version`."""
    for number, one in enumerate(facts.services_under_test, 1):
        prefix = "service" if len(facts.services_under_test) == 1 else f"service {number}"
        yield f"{prefix}.name", one.name
        yield f"{prefix}.setups", ", ".join(one.setups)
        yield from ((f"{prefix}.{name}", said) for name, said in _details(one) if said)


def without_services(source: Mapping[str, object]) -> dict[str, object]:
    """What `run.json` says besides."""
    return {name: fact for name, fact in source.items() if name != SERVICES}


def _details(service: ServiceFacts) -> Iterator[tuple[str, str]]:
    if service.git:
        yield "git.commit", service.git.commit
        yield "git.dirty", str(service.git.dirty)
    yield "python", service.python or ""
    yield "packages", ", ".join(f"{name}=={version}" for name, version in service.packages.items())


def _commit(git: GitFacts | None) -> str:
    if git is None:
        return ""
    return f"commit {git.commit[:10]}{' with changes' if git.dirty else ''}"


def _join(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
