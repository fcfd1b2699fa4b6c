"""What a whole session of tests shares: one PostgreSQL, one Valkey, and one wheel installed as a tool."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bench.serve.services import providing
from bench.system.processes import Processes
from target_app import security
from tests.tools.environments import Tool, build_harness, installed

FreshDatabase = Callable[[], AbstractContextManager[str]]

# A shell without job control starts what it puts in the background with Ctrl-C ignored, and so would every command be
# that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A pytest that a test starts is no part of this run, though it may be shared among several processes.
for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
    del os.environ[name]


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Children that are stopped with the session."""
    with Processes() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server(processes: Processes) -> Iterator[str]:
    """The URL of a PostgreSQL that all tests share; take `postgres` for a database of your own."""
    with providing(["postgres"], processes) as urls:
        yield urls["postgres"]


@pytest.fixture(scope="session")
def redis_url(processes: Processes) -> Iterator[str]:
    """The URL of a Valkey that all tests share."""
    with providing(["redis"], processes) as urls:
        yield urls["redis"]


@pytest.fixture(scope="session")
def fresh_postgres(postgres_server: str, processes: Processes) -> FreshDatabase:
    """Makes an empty database, gone with its `with` block, for fixtures of a wider scope than a test."""

    @contextmanager
    def fresh() -> Iterator[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", postgres_server)
            with providing(["postgres"], processes) as urls:
                yield urls["postgres"]

    return fresh


@pytest.fixture
def postgres(fresh_postgres: FreshDatabase) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with fresh_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def weak_passwords() -> Iterator[None]:
    """Hashes that cost nothing, for tests that log in often and are about something else."""
    weak = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(security, "_argon2", PasswordHash((weak,)))
        security._nobodys_hash.cache_clear()
        yield
    security._nobodys_hash.cache_clear()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that this work tree gives."""
    return build_harness(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def tool(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The wheel with all extras, in an environment of its own."""
    made = installed(wheel, tmp_path_factory.mktemp("tools") / "bench")
    made.lend_all()
    return made


@pytest.fixture(scope="session")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The wheel with what it must have, and no extra."""
    made = installed(wheel, tmp_path_factory.mktemp("tools") / "core")
    made.lend_needs()
    return made
