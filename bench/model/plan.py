"""The nouns of a plan: setups, loads, cells and plans. All frozen, all plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Setup:
    """A server to start: kind, workers, loop, parser, app, and where and how that app runs.

    `http` is "own" where the server brings its own parser; with `http2` it speaks HTTP/2, and is spoken to in it
    alone. `ws` is what speaks WebSocket, "auto" being the server's choice among the libraries that the service has;
    `worker` is gunicorn's worker class, of which "sync" and "gthread" serve WSGI apps. `app` is `module:attribute`,
    or `module:factory()` for a factory. In `env`, `args`, `command` and `prepare`, `{tmp}` stands for a folder that
    lives as long as the server, `{port}` for its port and `{python}` for its interpreter; in `env` and `prepare`,
    `{postgres}` and `{redis}` stand for the URLs of the `services`, which are started for the server, empty at
    first. In `command` and `prepare`, `{bench}` stands for the harness's own folder. `needs` names a program
    without which the setup is left out of a plan.

    `python` is the interpreter of the service: a path, or a version such as "3.13"; without it the one that
    `bench.serve.interpreter` finds. The server runs in the folder `cwd`, and its app is imported from `app_dir`, a
    folder relative to `cwd`. `prepare` is a command that runs there before the server. `carry` are untracked files that
    the gates bring into the base's tree.

    It listens on `bind`, an address of this machine, or on a Unix socket in a folder of its own: `{socket}` in a
    `command`. With `tls` it speaks HTTPS, by a certificate that the harness makes: `{cert}`, `{key}` and `{ca}` in a
    `command`. A `command` with a certificate of its own names the file of its authority, `ca`, or is not to `verify`.

    One that is "running" is not started: it has an `address`, a URL whose path goes before those of the scenarios, and
    it may have a ceiling: no second has more requests than `most_rps`; 0 is none.
    """

    name: str
    server: Literal["uvicorn", "gunicorn", "granian", "hypercorn", "command", "running"]
    _: KW_ONLY
    about: str = ""
    workers: int = 1
    loop: Literal["uvloop", "asyncio"] = "uvloop"
    http: Literal["httptools", "h11", "own"] = "httptools"
    ws: Literal["auto", "none", "websockets", "websockets-sansio", "wsproto"] = "auto"
    http2: bool = False
    worker: Literal["uvicorn", "asgi", "sync", "gthread"] = "uvicorn"
    app: str = "target_app.main:create_app()"
    env: Mapping[str, str] = field(default_factory=dict)
    services: tuple[Literal["postgres", "redis"], ...] = ()
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: str = "/health/live"
    cpus: tuple[int, ...] = ()
    needs: str = ""
    python: str = ""
    app_dir: str = ""
    cwd: str = ""
    interface: Literal["asgi", "wsgi"] = "asgi"
    lifespan: Literal["auto", "on", "off"] = "auto"
    root_path: str = ""
    ready_within_s: float = 30.0
    prepare: tuple[str, ...] = ()
    carry: tuple[str, ...] = ()
    bind: Literal["127.0.0.1", "::1", "unix"] = "127.0.0.1"
    tls: bool = False
    ca: str = ""
    verify: bool = True
    address: str = ""
    most_rps: float = 0.0


TIMEOUT_S = 10.0
"""The time that an answer may take, unless the load says otherwise."""

Shape = Literal["constant", "step", "ramp", "spike"]
"""The course of a load over its measured part; users or arrivals are its highest level."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of a load: its start and length, and the users or arrivals per second it begins and ends with."""

    t_s: float
    duration_s: float
    first: float
    last: float


MOST_USERS = 60_000
"""Of a closed load: one source address has 64,512 ports at most, and a process of ours 65,536 open files."""


@dataclass(frozen=True, slots=True)
class ClosedLoad:
    """`users` who each wait for an answer, and then for `think_s` on average, before they start again.

    A request that has no whole answer after `timeout_s` has failed.
    Think times are exponential, so that users do not march in step.
    """

    users: int
    duration_s: float
    warmup_s: float = 0.5
    _: KW_ONLY
    think_s: float = 0.0
    shape: Shape = "constant"
    timeout_s: float = TIMEOUT_S
    kind: Literal["closed"] = "closed"

    @property
    def label(self) -> str:
        thinking = f" thinking {self.think_s:g} s" if self.think_s else ""
        return f"{self.users} user{'' if self.users == 1 else 's'}{thinking}{_shape_suffix(self.shape)}"


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """Sessions that arrive at a rate, whether or not the server keeps up; beyond `max_sessions` they are shed.

    A request that has no whole answer after `timeout_s` has failed.
    """

    arrivals_per_s: float
    duration_s: float
    warmup_s: float = 0.5
    _: KW_ONLY
    arrivals: Literal["poisson", "uniform"] = "poisson"
    max_sessions: int = 1000
    shape: Shape = "constant"
    timeout_s: float = TIMEOUT_S
    kind: Literal["open"] = "open"

    @property
    def label(self) -> str:
        return f"{self.arrivals_per_s:g} arrivals/s{_shape_suffix(self.shape)}"


def _shape_suffix(shape: Shape) -> str:
    return "" if shape == "constant" else f", {shape}"


Load = ClosedLoad | OpenLoad


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement: a setup under a scenario, an engine and a load, in the `repeat`-th round (from 0)."""

    setup: str
    scenario: str
    engine: str
    load: Load
    _: KW_ONLY
    repeat: int = 0

    @property
    def key(self) -> tuple[str, str, str, Load]:
        """The fields that the repeats of a cell share."""
        return (self.setup, self.scenario, self.engine, self.load)

    @property
    def in_slices(self) -> bool:
        """Whether it is measured in slices, as a lane: its load has no length of its own. Else in one stretch."""
        return self.load.duration_s == 0

    @property
    def label(self) -> str:
        return f"{self.setup} / {self.scenario} / {self.engine} / {self.load.label}"


@dataclass(frozen=True, slots=True)
class Block:
    """Setups x scenarios x engines x loads, each cell in so many `rounds`.

    The length of a load is that of a stretch; it does not count for what is measured in slices.
    """

    setups: tuple[str, ...]
    scenarios: tuple[str, ...]
    engines: tuple[str, ...]
    loads: tuple[Load, ...]
    _: KW_ONLY
    rounds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The cells to measure, as blocks that may overlap: a cell named twice is measured once.

    `processes` native generators share each load; without it as many as fit the load. Without a `seed` one is drawn
    for each run. The rounds share `minutes`; without it each has as many rotations as are good. A plan that is `long`
    measures every cell in one stretch, each setup alone on the machine. A run of it fails where one of the limits
    `fail_if` is met.
    """

    name: str
    about: str
    blocks: tuple[Block, ...]
    seed: int | None = None
    _: KW_ONLY
    processes: int | None = None
    minutes: float | None = None
    long: bool = False
    fail_if: tuple[str, ...] = ()
