"""What is to be written for a service: its settings, the setups of its servers and its operations. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.starter.inspection import Inspection
from bench.starter.operations import Operation

_USUAL_HEALTH = ("/health", "/healthz", "/health/live", "/health/", "/livez", "/ping", "/api/health", "/up")
_OLD_GUNICORN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSetup:
    """A setup to write: its name, a line about it, and its keys; with a `reason` it is written as a comment."""

    name: str
    about: str
    keys: Mapping[str, str | int]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that the two files say.

    `python`, `env` and `env_file` are as the user gave them. `prepare` is a command that was found; it is active
    where `env` names a database that is new for each server. `carry` are files that git does not keep.
    """

    name: str
    service: Inspection
    health: str
    setups: tuple[DraftSetup, ...]
    operations: tuple[Operation, ...]
    python: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_file: str = ""
    ready_within_s: float | None = None
    prepare: tuple[str, ...] = ()
    carry: tuple[str, ...] = ()
    is_tried: bool = False

    @property
    def scenarios(self) -> tuple[Operation, ...]:
        """The operations that become scenarios."""
        return tuple(each for each in self.operations if each.is_callable)

    @property
    def stubs(self) -> tuple[Operation, ...]:
        """The operations that become comments, each for its reason."""
        return tuple(each for each in self.operations if not each.is_callable)

    @property
    def usable(self) -> tuple[DraftSetup, ...]:
        """The setups that are not comments."""
        return tuple(each for each in self.setups if not each.reason)

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose URLs the environment names."""
        text = " ".join(self.env.values())
        return tuple(name for name in ("postgres", "redis") if f"{{{name}}}" in text)

    @property
    def has_own_database(self) -> bool:
        """Whether the environment names a place that is new for each server, so that `prepare` can harm nothing."""
        return bool(self.services) or any("{tmp}" in value for value in self.env.values())


def health_paths(operations: tuple[Operation, ...], given: str = "") -> tuple[str, ...]:
    """The paths that may answer 200 when the service is ready, the likeliest first; only the one given, if any."""
    if given:
        return (given,)
    targets = [each.target for each in operations if each.method == "GET" and each.is_callable]
    known = [path for path in _USUAL_HEALTH if path in targets]
    plain = sorted(targets, key=lambda path: ("?" in path, len(path)))
    return tuple(dict.fromkeys([*known, *_USUAL_HEALTH, *plain, "/"]))


def likely_health(operations: tuple[Operation, ...], given: str = "") -> str:
    """The health path of a service that nobody asked yet: a usual one that the schema has, else its first GET."""
    targets = [each.target for each in operations if each.method == "GET" and each.is_callable]
    paths = health_paths(operations, given)
    return next((path for path in paths if given or path in targets), "/")


def health_operation(path: str) -> Operation:
    """The operation of a health path, where there is nothing else to call."""
    return Operation(name="health", method="GET", path=path, target=path)


def draft_setups(service: Inspection) -> tuple[DraftSetup, ...]:
    """A setup for each server that the service's interpreter has, with the quickest loop and parser that are there."""
    packages = service.packages
    loop: dict[str, str | int] = {} if "uvloop" in packages else {"loop": "asyncio"}
    parser: dict[str, str | int] = {} if "httptools" in packages else {"http": "h11"}
    found = _wsgi(packages) if service.interface == "wsgi" else _asgi(packages, loop, parser)
    return tuple(DraftSetup(name=name, about=about, keys=keys) for name, about, keys in found)


_Entry = tuple[str, str, dict[str, str | int]]


def _asgi(
    packages: Mapping[str, str], loop: dict[str, str | int], parser: dict[str, str | int]
) -> list[_Entry]:
    found: list[_Entry] = []
    if "uvicorn" in packages:
        uvicorn = {"server": "uvicorn", **loop, **parser}
        found += [
            ("uvicorn", "uvicorn, one worker", uvicorn),
            ("uvicorn-2", "uvicorn, two workers", {**uvicorn, "workers": 2}),
        ]
    if "gunicorn" in packages and {"uvicorn", "uvicorn-worker"} <= packages.keys():
        keys = {"server": "gunicorn", **loop, **parser}
        found.append(("gunicorn", "gunicorn, one worker of uvicorn-worker", keys))
    elif _major(packages.get("gunicorn", "")) >= _OLD_GUNICORN:
        keys = {"server": "gunicorn", "worker": "asgi", "http": "own", **loop}
        found.append(("gunicorn", "gunicorn, one of its own asgi workers", keys))
    if "granian" in packages:
        found.append(("granian", "granian (Rust), one worker", {"server": "granian", "http": "own", **loop}))
    if "hypercorn" in packages:
        found.append(("hypercorn", "hypercorn, one worker", {"server": "hypercorn", "http": "h11", **loop}))
    return found


def _wsgi(packages: Mapping[str, str]) -> list[_Entry]:
    found: list[_Entry] = []
    if "gunicorn" in packages:
        keys: dict[str, str | int] = {"server": "gunicorn", "worker": "sync", "http": "own"}
        found += [
            ("gunicorn", "gunicorn, one worker, one request at a time", keys),
            ("gunicorn-2", "gunicorn, two workers", {**keys, "workers": 2}),
            ("gunicorn-gthread", "gunicorn, one worker with threads", {**keys, "worker": "gthread"}),
        ]
    loop: dict[str, str | int] = {} if "uvloop" in packages else {"loop": "asyncio"}
    if "granian" in packages:
        found.append(("granian", "granian (Rust), one worker", {"server": "granian", "http": "own", **loop}))
    if "hypercorn" in packages:
        found.append(("hypercorn", "hypercorn, one worker", {"server": "hypercorn", "http": "h11", **loop}))
    return found


def _major(version: str) -> int:
    number = version.partition(".")[0]
    return int(number) if number.isdigit() else 0
