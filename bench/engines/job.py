"""The job of a generator process, as a file, and its messages while it works."""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path
from typing import Any

from bench.model.address import Address, Tls
from bench.model.plan import TIMEOUT_S, ClosedLoad, Load, OpenLoad

DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """One generator process's share of a cell.

    A `bystander` drives the scenario's `victim` flow instead of its flow. A request that has no answer after
    `timeout_s` has failed; those under way at the end are given up after `drain_s`. `samples` is the file for the
    rows. Of the load, this process makes every `parts`-th user or arrival, from number `part` on. No second has more
    requests than `most_rps`; 0 is no ceiling. Where it names a `user_class`, the file of scenarios is a locustfile, and
    the scenario is that of this class in it.
    """

    address: Address
    scenario: str
    load: Load
    samples: Path
    _: KW_ONLY
    seed: int = 1
    scenarios_file: Path | None = None
    bystander: bool = False
    timeout_s: float = TIMEOUT_S
    drain_s: float = DRAIN_S
    part: int = 0
    parts: int = 1
    most_rps: float = 0.0
    user_class: str = ""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=str))


def read_job(path: Path) -> Job:
    """Read what `Job.write` wrote."""
    fields: dict[str, Any] = json.loads(path.read_text())
    load = fields.pop("load")
    samples = Path(fields.pop("samples"))
    scenarios_file = fields.pop("scenarios_file")
    return Job(
        address=_address(fields.pop("address")),
        load=(ClosedLoad if load["kind"] == "closed" else OpenLoad)(**load),
        samples=samples,
        scenarios_file=Path(scenarios_file) if scenarios_file else None,
        **fields,
    )


def _address(fields: dict[str, Any]) -> Address:
    tls = fields.pop("tls")
    return Address(**fields, tls=Tls(**tls) if tls else None)


_MANY_OBJECTS = 200_000


def hold_off_collections() -> None:
    """Spare what is there by now, and collect nothing any more: a collection stops every request under way."""
    gc.collect()
    gc.freeze()
    gc.disable()


def collect_where_many() -> None:
    """Collect the youngest objects once there are very many, as memory must not grow for ever."""
    if gc.get_count()[0] > _MANY_OBJECTS:
        gc.collect(0)


def say(**word: object) -> None:
    """Send the launcher a message: one line of JSON on standard output, whatever a flow printed there before it."""
    print(f"\n{json.dumps(word)}", flush=True)


def wait_for_go() -> int:
    """Say `ready`, then block until the launcher names the common start, in nanoseconds of CLOCK_MONOTONIC.

    Exits when the launcher is gone.
    """
    say(ready=True)
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(1)
    return int(line)
