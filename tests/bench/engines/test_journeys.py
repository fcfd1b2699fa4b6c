"""A journey under every driver: users log in once and keep their cookie, rows come once, and pauses last."""

from __future__ import annotations

import email
import email.policy
import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
import uvloop

from bench.engines.bursts import Bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.measure.answers import check_answers
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.samples import Samples
from bench.serve.server import Server
from scenarios import shares
from scenarios.files import load
from tests.bench.engines.conftest import Engine
from tests.bench.engines.driving import run_burst
from tests.bench.engines.journey import CAT, PAUSE_S
from tests.bench.engines.peer import server_at
from tests.bench.engines.shop import Shop, open_shop

USERS = 4
ROWS = 40
LOAD = ClosedLoad(USERS, 0.6, 0.0)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv(shares.FOLDER, str(tmp_path / "shares"))
    with open_shop() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the file, and of its rows, elsewhere."""
    shutil.copy(Path(__file__).with_name("people.csv"), tmp_path)
    return Path(shutil.copy(Path(__file__).with_name("journey.py"), tmp_path))


@pytest.fixture
def job(engine: Engine, shop: Shop, file: Path) -> Callable[..., Job]:
    def make(scenario: str, load: ClosedLoad | OpenLoad = LOAD, **more: object) -> Job:
        return engine.job(scenario, load, **{"port": shop.port, "scenarios_file": file, **more})  # type: ignore[arg-type]

    return make


@pytest.fixture
def server(shop: Shop) -> Server:
    return server_at(shop.port)


def halves(job: Job) -> list[Job]:
    return [
        replace(job, part=part, parts=2, samples=job.samples.with_name(f"samples-{part}")) for part in (0, 1)
    ]


DRIVERS: dict[str, Callable[[Engine, Callable[..., Job], Path], Samples]] = {
    "native": lambda engine, job, _: engine.run(job("shop")),
    "two processes": lambda engine, job, _: engine.run(*halves(job("shop"))),
    "locust": lambda engine, job, _: engine.run(job("shop"), engine="locust"),
    "locust-http": lambda engine, job, _: engine.run(job("shop"), engine="locust-http"),
    "lane": lambda _, job, file: run_burst(job("shop"), load(file)["shop"].session, USERS, 6 * USERS),
}


@pytest.mark.parametrize("drive", DRIVERS.values(), ids=DRIVERS)
def test_a_journey_runs_unchanged(
    drive: Callable[[Engine, Callable[..., Job], Path], Samples],
    engine: Engine,
    job: Callable[..., Job],
    file: Path,
    shop: Shop,
) -> None:
    samples = drive(engine, job, file)
    outcomes = {samples.outcomes[number] for number in samples.outcome}
    assert outcomes <= {"ok", "unfinished"}
    assert "ok" in outcomes
    assert shop.logins == dict.fromkeys((f"u{number}@example.org" for number in range(USERS)), 1)
    assert shop.photos
    titles = [check_photo(*photo) for photo in shop.photos]
    assert len(set(titles)) == len(titles)
    labels = {samples.labels[number] for number in samples.label}
    assert labels == {"POST /login", "look", "before", "POST /photos"}


def check_photo(who: str, content_type: bytes, body: bytes) -> str:
    """Read an upload with the standard library's parser of messages; gives its title."""
    message = email.message_from_bytes(
        b"Content-Type: " + content_type + b"\r\n\r\n" + body, policy=email.policy.HTTP
    )
    title, photo = message.iter_parts() if isinstance(message, EmailMessage) else ()
    assert photo.get_filename() == CAT.name
    assert photo.get_content() == CAT.content
    assert photo.get_content_type() == CAT.type
    return str(title.get_content())


@pytest.mark.parametrize("name", ["native", "locust"])
def test_a_pause_is_no_part_of_a_response_time(name: str, engine: Engine, job: Callable[..., Job]) -> None:
    samples = engine.run(job("wait", ClosedLoad(1, 0.7, 0.0)), engine=name)
    begins_s = samples.sent_ns / 1e9
    assert len(begins_s) >= 3
    assert samples.pauses >= len(begins_s) - 1
    assert (np.diff(begins_s) >= 0.2).all()
    assert (samples.done_ns - samples.intended_ns < 0.15e9).all()


@pytest.mark.parametrize("load", [ClosedLoad(3, 0.3, 0.0), OpenLoad(20, 0.3, 0.0)], ids=["closed", "open"])
def test_users_who_pause_do_not_hold_up_the_end(
    load: ClosedLoad | OpenLoad, engine: Engine, job: Callable[..., Job]
) -> None:
    samples = engine.run(job("wait-long", load, drain_s=1.0))
    assert {samples.outcomes[number] for number in samples.outcome} == {"ok"}
    assert 1 <= len(samples.outcome) <= 12


def test_an_open_load_pauses_and_logs_in_once_a_connection(
    engine: Engine, job: Callable[..., Job], shop: Shop
) -> None:
    samples = engine.run(job("shop", OpenLoad(40, 0.5, 0.0)))
    assert {samples.outcomes[number] for number in samples.outcome} == {"ok"}
    assert set(shop.logins.values()) == {1}
    assert 1 <= len(shop.logins) <= ROWS


MISTAKES = {
    "mistake": r"journey\.py:\d+: headers is a dict",
    "not-a-step": r"journey\.py:\d+: the flow yielded the text '/items'",
    "not-a-flow": r"write `yield` in place of `return`",
}


@pytest.mark.parametrize("driver", ["check", "native", "locust", "lane"])
@pytest.mark.parametrize(("scenario", "sentence"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_is_one_sentence_with_its_line(
    driver: str,
    scenario: str,
    sentence: str,
    engine: Engine,
    job: Callable[..., Job],
    file: Path,
    server: Server,
) -> None:
    drivers: dict[str, Callable[[], object]] = {
        "check": lambda: check_answers(load(file)[scenario], server),
        "lane": lambda: run_burst(job(scenario), load(file)[scenario].session, USERS, 4),
        "native": lambda: engine.run(job(scenario)),
        "locust": lambda: engine.run(job(scenario), engine="locust"),
    }
    with pytest.raises(EngineError, match=f"^scenario '{scenario}': .*{sentence}") as caught:
        drivers[driver]()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["native", "locust"])
def test_a_check_that_raises_does_not_blame_the_body(
    name: str, engine: Engine, job: Callable[..., Job], file: Path, server: Server
) -> None:
    samples = engine.run(job("check-raises", ClosedLoad(1, 0.2, 0.0)), engine=name)
    assert {samples.outcomes[number] for number in samples.outcome} == {"check-raised"}
    with pytest.raises(EngineError, match=r"its check raised KeyError: 'price' \(.*journey\.py:\d+\)"):
        check_answers(load(file)["check-raises"], server)


def test_rows_that_run_out_are_an_error_that_says_so(
    engine: Engine, job: Callable[..., Job], file: Path
) -> None:
    with pytest.raises(EngineError, match=r"people\.csv: all 40 rows are used on this server"):
        engine.run(job("shop", ClosedLoad(ROWS + 1, 0.5, 0.0)))


def test_a_check_prepares_a_server_once_and_takes_rows_of_its_own(
    engine: Engine, job: Callable[..., Job], file: Path, server: Server, shop: Shop
) -> None:
    scenario = load(file)["shop"]
    for number in range(3):
        check_answers(scenario, server)
        assert (shop.opened, len(shop.logins)) == (1, number + 1)
    engine.run(job("shop"))
    assert shop.logins == dict.fromkeys((f"u{number}@example.org" for number in range(3 + USERS)), 1)


def test_locust_by_itself_prepares_once(file: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.test_locustfile import locust

    address = (
        "--headless",
        "-u",
        "3",
        "-r",
        "3",
        "--run-time",
        "3s",
        "--host",
        f"http://127.0.0.1:{shop.port}",
    )
    done = locust("ShopUser", *address, scenarios=file)
    assert done.returncode == 0, done.stderr
    assert (shop.opened, len(shop.logins)) == (1, 3)


def test_the_pause_lies_between_the_requests(engine: Engine, job: Callable[..., Job], shop: Shop) -> None:
    samples = engine.run(job("shop", ClosedLoad(1, 0.6, 0.0)))
    names = [samples.labels[number] for number in samples.label]
    pairs = [
        place for place, pair in enumerate(itertools.pairwise(names)) if pair == ("before", "POST /photos")
    ]
    gaps_ns = samples.sent_ns[1:] - samples.done_ns[:-1]
    assert pairs
    assert (gaps_ns[pairs] >= PAUSE_S * 1e9).all()


def test_a_session_that_never_ends_pauses_from_burst_to_burst(
    job: Callable[..., Job], file: Path, shop: Shop
) -> None:
    async def run() -> Samples:
        bursts = Bursts(job("poll"), load(file)["poll"].session, 2, lasting=True)
        for _ in range(3):
            await bursts.closed(6)
        return bursts.close()

    samples = uvloop.run(run())
    assert {samples.outcomes[number] for number in samples.outcome} == {"ok"}
    assert len(samples.outcome) == len(shop.looks) == 18
    assert samples.pauses >= 16
