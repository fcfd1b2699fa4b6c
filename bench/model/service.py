"""The services that a run measured: their facts, as `run.json` has them, and several of them as one."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bench.model.json_values import as_list, as_mapping, as_text, as_texts, as_words

SERVICES = "services_under_test"
"""The field of `run.json` that holds the services; absent where the app is the harness's own."""

Fact = TypeVar("Fact", bound=Hashable)


@dataclass(frozen=True, slots=True)
class GitFacts:
    """The commit of the source that was measured; `dirty` where it had changes that no commit holds."""

    commit: str
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """A service that was measured, as these setups run it: its name, its source, its interpreter and its packages.

    `python` is None where it is not written in Python. The app that the harness brings is no such service: its
    source, interpreter and packages are the harness's.
    """

    name: str
    setups: tuple[str, ...] = ()
    git: GitFacts | None = None
    python: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)


def normalize(name: str) -> str:
    """The name of a package as installers compare it: `Ordered_Set` and `ordered.set` are `ordered-set`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_git(source: object) -> GitFacts | None:
    """The commit and its state, as `git.state` gives them; None where there is no commit."""
    state = as_mapping(source)
    commit = as_text(state.get("commit"))
    return GitFacts(commit, bool(state.get("dirty"))) if commit else None


def read_services(listed: object) -> Iterator[ServiceFacts]:
    """The services of a `run.json`; what has no name is left out."""
    for one in map(as_mapping, as_list(listed)):
        if name := as_text(one.get("name")):
            yield ServiceFacts(
                name=name,
                setups=as_texts(one.get("setups")),
                git=read_git(one.get("git")),
                python=as_text(one.get("python")),
                packages=as_words(one.get("packages")),
            )


def service_of(setup: str, services: Iterable[ServiceFacts]) -> ServiceFacts | None:
    """The service that a setup runs; None for an app of the harness's own, and in runs of before."""
    return next((one for one in services if setup in one.setups), None)


def common_service(services: Sequence[ServiceFacts]) -> ServiceFacts | None:
    """What all services of a run have in common; None where only the harness's own app was measured."""
    if not services:
        return None
    packages = set.intersection(*(set(one.packages.items()) for one in services))
    return ServiceFacts(
        name=" and ".join(dict.fromkeys(one.name for one in services)),
        setups=tuple(setup for one in services for setup in one.setups),
        git=_shared(one.git for one in services),
        python=_shared(one.python for one in services),
        packages=dict(sorted(packages)),
    )


def _shared(facts: Iterable[Fact]) -> Fact | None:
    """The fact that all of them are; None where they differ."""
    found = set(facts)
    return found.pop() if len(found) == 1 else None
