"""The cases: a truth server's behaviour, a load, an engine, and the caveats that the record must have. Data only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.machine.selftest.behaviours import (
    Behaviour,
    Bimodal,
    Closing,
    Constant,
    Dribbling,
    Drifting,
    Faulty,
    Freezing,
    Kind,
    Queue,
)
from bench.model.plan import ClosedLoad, Load, OpenLoad

PASSING = frozenset({"other-load", "steal", "throttled"})
"""Caveats of the machine that excuse a time, as it may be right the next time."""

OF_THE_MACHINE = PASSING | {"not-pinned", "one-cpu", "shared-core"}
"""Caveats about the machine: the selftest shows them, and does not blame the instrument for them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A behaviour under a load by an engine; the record must have the `caveats` and no others than those it `may` have.

    A time is right within the larger of `tolerance_ms` and `tolerance_share` of the server's figure. `short` cases are
    the short form, and those of the `doctor` are run by `bench doctor`.
    """

    name: str
    about: str
    behaviour: Behaviour
    load: Load
    engine: str = "native"
    caveats: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    tolerance_ms: float = 2.0
    tolerance_share: float = 0.02
    short: bool = False
    doctor: bool = False

    @property
    def label(self) -> str:
        return f"{self.name} / {self.engine} / {self.load.label}"


_ERRORS = frozenset({"errors"})


def _users(users: int, duration_s: float = 1.5) -> ClosedLoad:
    return ClosedLoad(users, duration_s, warmup_s=0.3)


def _rate(arrivals_per_s: float, duration_s: float = 2.0) -> OpenLoad:
    return OpenLoad(arrivals_per_s, duration_s, warmup_s=0.3)


# Three freezes in 4.5 s, one in each third, so that nothing drifts.
_FREEZING = Freezing(service_ms=1.0, first_s=0.9, every_s=1.5, for_s=0.3)
_DRIFTING = Drifting(service_ms=2.0, factor=10.0, after_s=0.3 + 2.0)
_THIRDS_S = 3.0
_FAULTS: dict[str, tuple[str, Kind, float]] = {
    "drops": ("drops the connection of 30 %", "reset", 0.3),
    "wrong-bodies": ("sends a wrong body in 20 %, with the right status", "wrong-body", 0.2),
    "status-500": ("answers 20 % with status 500", "status-500", 0.2),
    "cut-bodies": ("breaks off the body of 20 %", "truncated", 0.2),
}

_NATIVE = (
    Case(
        name="instant",
        about="answers at once, in one write",
        behaviour=Constant(),
        load=_users(4),
        short=True,
    ),
    Case(
        name="instant",
        about="answers at once, in one write",
        behaviour=Constant(),
        load=_rate(600),
        doctor=True,
    ),
    Case(name="constant", about="takes 5 ms for each", behaviour=Constant(5.0), load=_users(4)),
    Case(name="constant", about="takes 5 ms for each", behaviour=Constant(5.0), load=_rate(300)),
    Case(
        name="mm1",
        about="takes one at a time, for 2 ms on average, exponentially, and is half loaded: M/M/1",
        behaviour=Queue(2.0, "exponential"),
        load=_rate(250, 5.0),
    ),
    Case(
        name="md1",
        about="takes one at a time, for 2 ms, and is half loaded: M/D/1",
        behaviour=Queue(2.0, "constant"),
        load=_rate(250, 4.5),
        short=True,
        doctor=True,
    ),
    Case(
        name="freeze",
        about="answers nothing for 0.3 s every 1.5 s",
        behaviour=_FREEZING,
        load=_users(4, 4.5),
        caveats=frozenset({"stalled"}),
        short=True,
        doctor=True,
    ),
    Case(
        name="freeze",
        about="answers nothing for 0.3 s every 1.5 s",
        behaviour=_FREEZING,
        load=_rate(300, 4.5),
        may=frozenset({"stalled"}),
    ),
    Case(
        name="bimodal",
        about="takes 50 ms for 2 %, 2 ms for the others",
        behaviour=Bimodal(2.0, 50.0, 0.02),
        load=_users(4, 2.0),
    ),
    Case(
        name="bimodal",
        about="takes 50 ms for 2 %, 2 ms for the others",
        behaviour=Bimodal(2.0, 50.0, 0.02),
        load=_rate(600),
    ),
    Case(
        name="drift",
        about="is ten times slower in the last third",
        behaviour=_DRIFTING,
        load=_users(4, _THIRDS_S),
        caveats=frozenset({"drift"}),
        short=True,
    ),
    Case(
        name="drift",
        about="is ten times slower in the last third",
        behaviour=_DRIFTING,
        load=_rate(400, _THIRDS_S),
        caveats=frozenset({"drift"}),
    ),
    *(
        Case(
            name=name,
            about=about,
            behaviour=Faulty(2.0, kind, share),
            load=load,
            caveats=caveats,
            short=name == "drops" and load.kind == "closed",
        )
        for load, caveats in ((_users(4), _ERRORS), (_rate(600), _ERRORS | {"rate-not-reached"}))
        for name, (about, kind, share) in _FAULTS.items()
    ),
    Case(
        name="slow-bytes",
        about="sends the body in four pieces over 20 ms",
        behaviour=Dribbling(4, 20.0),
        load=_users(4),
    ),
    Case(
        name="slow-bytes",
        about="sends the body in four pieces over 20 ms",
        behaviour=Dribbling(4, 20.0),
        load=_rate(300),
    ),
    Case(
        name="closes",
        about="closes after each answer, and says so",
        behaviour=Closing(2.0, announced=True),
        load=_users(4),
    ),
    Case(
        name="closes-untold",
        about="closes after each answer without a word; the next is 50 ms away",
        behaviour=Closing(2.0, announced=False),
        load=replace(_rate(20, 2.0), arrivals="uniform"),
    ),
)


_LOCUST_MS = {"locust": 5.0, "locust-http": 8.0}
"""The time of Locust's own clients is part of their figures: 1 to 3 ms, and more where a connection broke."""


# Few users and slow answers: Locust takes up to 1.5 ms for a request, and one user's waits for the other's. Where the
# server freezes it is quicker, as otherwise more than 1 % of the requests would meet a freeze, which p99 shows.
def _of_locust(engine: str) -> Iterator[Case]:
    def case(
        name: str,
        about: str,
        behaviour: Behaviour,
        duration_s: float = 1.5,
        caveats: frozenset[str] = frozenset(),
    ) -> Case:
        short = (engine, name) == ("locust", "drops")
        return Case(
            name=name,
            about=about,
            behaviour=behaviour,
            load=_users(2, duration_s),
            engine=engine,
            caveats=caveats,
            # Between two requests its users have none under way, and it is late whenever a client works.
            may=frozenset({"littles-law", "generator-stalled"}),
            tolerance_ms=_LOCUST_MS[engine],
            short=short,
        )

    yield case("constant", "takes 25 ms for each", Constant(25.0))
    freezing = replace(_FREEZING, service_ms=5.0)
    yield case("freeze", "answers nothing for 0.3 s every 1.5 s", freezing, 4.5, frozenset({"stalled"}))
    yield case("bimodal", "takes 100 ms for 5 %, 25 ms for the others", Bimodal(25.0, 100.0, 0.05))
    drifting = replace(_DRIFTING, service_ms=12.0, after_s=0.3 + 2.4)
    yield case("drift", "is ten times slower in the last third", drifting, 3.6, frozenset({"drift"}))
    for name, (about, kind, share) in _FAULTS.items():
        yield case(name, about, Faulty(25.0, kind, share), caveats=_ERRORS)
    yield case("slow-bytes", "sends the body in four pieces over 25 ms", Dribbling(4, 25.0))
    yield case("closes", "closes after each answer, and says so", Closing(25.0, announced=True))


CASES = (*_NATIVE, *_of_locust("locust"), *_of_locust("locust-http"))
