"""The facts that `bench locust` hands to Locust: which server it loads, on which CPUs, and where runs are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from bench.model.address import Address
from bench.model.plan import Setup

HANDOVER_VARIABLE = "BENCH_LOCUST"
"""The environment variable that names the file of the handover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A server of ours, and the place of its load and of the runs that come of it.

    `setup` has its placeholders replaced; `given` is the same as it was given, as in `run.json`. `service_pids` are the
    processes of our services next to the server. `own_cpus` are those of `bench locust` itself, which is the process
    `own_pid`. Runs are folders in `runs`; sample files lie in `spool` while a test runs. `facts` are those of
    `run.json` that do not depend on a test: `cpus`, `host`, `environment` and the services under test. With `profile`,
    each test makes a flame graph of a worker.
    """

    setup: Setup
    given: Setup | None = None
    address: Address
    server_pid: int | None
    server_log: Path
    locust_log: Path
    service_pids: tuple[int, ...] = ()
    server_cpus: tuple[int, ...] = ()
    generator_cpus: tuple[int, ...] = ()
    own_cpus: tuple[int, ...] = ()
    own_pid: int = field(default_factory=os.getpid)
    runs: Path
    spool: Path
    scenarios_file: Path | None = None
    profile: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.address.url

    def write(self, path: Path) -> None:
        """Write it for `read_handover`; only we may read the file, as a setup may hold secrets."""
        path.touch(mode=0o600)
        path.write_bytes(_HANDOVER.dump_json(self))


_HANDOVER = TypeAdapter(Handover)


def read_handover() -> Handover | None:
    """The handover of the `bench locust` that started this process; None where Locust was started by hand."""
    path = os.environ.get(HANDOVER_VARIABLE)
    return _HANDOVER.validate_json(Path(path).read_bytes()) if path else None
