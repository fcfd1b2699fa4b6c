"""What the tests of engines share: a peer to be loaded, and an engine to load it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bench.engines import launch
from bench.engines.job import Job
from bench.model.address import Address
from bench.model.plan import Load
from bench.model.recording import gather
from bench.model.samples import Samples
from bench.system.processes import Processes
from tests.bench.engines.peer import Peer

_FLOWS = Path(__file__).with_name("flows.py")


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as running:
        yield running


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    with Processes() as owner:
        yield owner


@dataclass
class Engine:
    """Runs jobs against a peer, and writes down what its watch is told."""

    peer: Peer
    processes: Processes
    folder: Path
    heard: list[str] = field(default_factory=list)
    progress: list[launch.Progress] = field(default_factory=list)
    on_start: Callable[[], None] = lambda: None
    on_end: Callable[[], None] = lambda: None

    def job(self, scenario: str, load: Load, name: str = "samples", *, port: int = 0, **more: object) -> Job:
        """A job for the peer, or for what listens on another port of this machine."""
        address = Address("127.0.0.1", port or self.peer.port)
        made = Job(address, scenario, load, self.folder / name, scenarios_file=_FLOWS)
        return replace(made, **more)  # type: ignore[arg-type]

    def run(self, *jobs: Job, engine: str = "native", companions: tuple[Job, ...] = ()) -> Samples:
        """The samples of these jobs, joined; those of companions are left in their files."""
        watch = launch.Watch(self._started, self._ended, self.progress.append)
        return gather(launch.run(engine, jobs, self.processes, watch, companions=companions)[0])

    def _started(self) -> None:
        self.heard.append("started")
        self.on_start()

    def _ended(self) -> None:
        self.heard.append("ended")
        self.on_end()


@pytest.fixture
def engine(peer: Peer, processes: Processes, tmp_path: Path) -> Engine:
    return Engine(peer, processes, tmp_path)
