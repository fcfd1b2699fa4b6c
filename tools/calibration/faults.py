"""The faults that are put into the app, as text that takes the place of other text, and the scenarios they spoil."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.errors import GateError

Gate = Literal["exact", "paired"]
GATES: tuple[Gate, ...] = ("exact", "paired")

_TURNS = "TURNS"


@dataclass(frozen=True, slots=True)
class Patch:
    """A change of one file of the app: `faulty` takes the place of `anchor`."""

    file: str
    anchor: str
    faulty: str

    def apply(self, source: str, turns: int = 0) -> str:
        """The file with the fault in it, `turns` being those of its loop.

        Raises GateError where the anchor does not stand in it exactly once.
        """
        if (found := source.count(self.anchor)) != 1:
            raise GateError(
                f"{self.file} holds {self.anchor!r} {found} times, not once: the app has changed, and the faults in "
                "tools/calibration/faults.py must follow it"
            )
        return source.replace(self.anchor, self.faulty.replace(_TURNS, str(turns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededFault:
    """A fault: by scenario, the changes of the app that spoil it.

    `share` is the part by which a loop makes requests of these scenarios dearer: in instructions for the exact gate, in
    CPU time of the server for the paired one. `runs` says how many are made where nobody asks for a number. What is
    `alone` leaves no scenario untouched, as it is seen in the whole server.
    """

    name: str
    about: str
    spoiled: Mapping[str, tuple[Patch, ...]] = field(default_factory=dict)
    share: float | None = None
    runs: Mapping[Gate, int] = field(default_factory=lambda: {"exact": 2, "paired": 2})
    alone: bool = False

    def sites(self, gate: Gate, number: int) -> tuple[str, ...]:
        """The scenarios that are spoiled in a run: one after the other for the exact gate, all at once for the paired.

        The exact gate has to name the right one of twenty; a run of the paired one takes long for each scenario.
        """
        names = tuple(self.spoiled)
        return names[number % len(names) :][:1] if gate == "exact" and names else names


# --- where -------------------------------------------------------------------------------------

_ROUTERS = "target_app/routers/bench"
_NOOP = f"{_ROUTERS}/noop.py"
_IO = f"{_ROUTERS}/io.py"
_DB = f"{_ROUTERS}/db.py"
_JSON = f"{_ROUTERS}/serialisation.py"

DOCUMENTED = (_NOOP, _IO, _DB, _JSON)
"""The files whose comments and docstrings differ between any base and head."""

EXACT = (
    *("noop-async", "noop-sync", "ping", "io-async", "io-sync", "cpu-async", "cpu-sync"),
    *("json-model", "json-dict", "dependencies-async", "dependencies-sync", "stream-async", "stream-sync"),
    *("db-orm-async", "db-orm-sync", "db-core-async", "db-core-sync", "db-raw-async", "db-raw-sync"),
    "db-list-async",
)
"""The scenarios that the exact gate watches in each run: twenty, most of them twins."""

HANDLERS = {
    "noop-async": (_NOOP, "A constant, from the event loop."),
    "noop-sync": (_NOOP, "A constant, from a thread."),
    "json-model": (_JSON, "Build models, which pydantic writes."),
    "db-orm-async": (_DB, "One mapped object, through the async driver."),
}
"""By scenario, the file and the docstring of the handler that a loop is put into; the first prices the loop."""

PRICED = next(iter(HANDLERS))

_UNTOUCHED = "dependencies-async"


def change_documentation(source: str, amount: int) -> str:
    """A source file with more comments and a longer docstring, as a change of the documentation leaves it.

    Other amounts move lines and memory in other ways: the exact gate would else see the very same thing each time.
    """
    comment = "# Words that change nothing.\n" * (amount + 1)
    return source.replace('"""', f'{comment}"""{"Words, and more words. " * (amount + 1)}', 1)


def watched_scenarios(gate: Gate, fault: SeededFault) -> tuple[str, ...]:
    """The scenarios that are measured in each run."""
    if gate == "exact":
        return EXACT
    names = tuple(fault.spoiled) or tuple(HANDLERS)
    return names if fault.alone or not fault.spoiled else (*names, _UNTOUCHED)


# --- what --------------------------------------------------------------------------------------

# Bytes of one kind, not range(): numbers beyond 256 are made anew in each turn, so turns would have two prices.
LOOP = f'for _ in b"." * {_TURNS}:\n        pass'


def add_loop(scenario: str) -> Patch:
    """A loop at the beginning of a handler."""
    file, docstring = HANDLERS[scenario]
    return Patch(file, f'"""{docstring}"""\n', f'"""{docstring}"""\n    {LOOP}\n')


def _slower(percent: float, exact: int, paired: int) -> SeededFault:
    return SeededFault(
        name=f"cpu-{percent:g}",
        about=f"+{percent:g} % CPU in a handler",
        spoiled={name: (add_loop(name),) for name in HANDLERS},
        share=percent / 100,
        runs={"exact": exact, "paired": paired},
    )


_AWAIT = "await sleep_async(ms / 1000)\n    return"
_READ = "async with database.reading() as session:\n        item = await crud.read(session, item_id)\n"
_READING = f'{HANDLERS["db-orm-async"][1]}"""\n    {_READ}'
_TOKENS = "thread_tokens: int = Field(\n        default={}, "
_ROUTER = 'router = Router(prefix="/bench/noop", tags=["bench"])\n'
_HELLO = f'"""{HANDLERS["noop-async"][1]}"""\n'

SAME = "a-a"

FAULTS: dict[str, SeededFault] = {
    fault.name: fault
    for fault in (
        SeededFault(name=SAME, about="comments and docstrings only", runs={"exact": 30, "paired": 10}),
        _slower(0.5, 20, 2),
        _slower(2, 4, 5),
        _slower(3, 4, 5),
        _slower(5, 4, 5),
        _slower(10, 4, 2),
        SeededFault(
            name="waiting",
            about="12 ms of waiting instead of 10",
            spoiled={"io-async": (Patch(_IO, _AWAIT, _AWAIT.replace("ms /", "(ms + 2) /")),)},
        ),
        SeededFault(
            name="query",
            about="one database query more",
            spoiled={"db-orm-async": (Patch(_DB, _READING, f"{_READING}{_READ.splitlines()[1]}\n"),)},
        ),
        SeededFault(
            name="blocking",
            about="10 ms that block the event loop instead of being awaited",
            spoiled={"io-async": (Patch(_IO, _AWAIT, _AWAIT.replace("await sleep_async", "sleep")),)},
        ),
        SeededFault(
            name="pool",
            about="4 threads instead of 40",
            spoiled={"io-sync": (Patch("target_app/settings.py", _TOKENS.format(40), _TOKENS.format(4)),)},
        ),
        SeededFault(
            name="leak",
            about="4 KB that each request leaves behind",
            spoiled={
                "noop-async": (
                    Patch(_NOOP, _ROUTER, f"{_ROUTER}_KEPT: list[bytearray] = []\n"),
                    Patch(_NOOP, _HELLO, f"{_HELLO}    _KEPT.append(bytearray(4096))\n"),
                )
            },
            alone=True,
        ),
    )
}
