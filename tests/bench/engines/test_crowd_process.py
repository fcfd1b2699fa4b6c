"""A generator that is led while it runs, as a process of its own, against a server that counts by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from bench.engines.crowd_process import CrowdProcess, CrowdReport, start_crowd
from bench.engines.job import Job
from bench.errors import EngineError
from bench.model import samples
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import read_table
from bench.system.ports import free_port
from bench.system.processes import Processes
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.peer import Peer
from tests.bench.program import poll

_FILE = Path(__file__).with_name("crowds.py")

Lead = Callable[..., AbstractContextManager[CrowdProcess]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "1-2.samples"


@pytest.fixture
def lead(peer: Peer, processes: Processes, path: Path) -> Lead:
    """Starts a generator for a scenario, against the peer or what listens on another port."""

    def start(scenario: str, *, port: int = 0, think_s: float = 0.0) -> AbstractContextManager[CrowdProcess]:
        load = ClosedLoad(0, duration_s=0, warmup_s=0, think_s=think_s)
        job = Job(Address("127.0.0.1", port or peer.port), scenario, load, path, scenarios_file=_FILE)
        return start_crowd(job, processes)

    return start


def come_to_rest(crowd: CrowdProcess, users: int) -> CrowdReport:
    """The report at which nobody leaves any more."""

    def ask() -> CrowdReport | None:
        report = crowd.ask(users)
        return None if report.leaving else report

    return poll(ask)


def test_users_come_and_go_and_every_request_is_counted(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("ok") as crowd:
        for users in (3, 5, 1):
            crowd.ask(users)
            poll(lambda users=users: peer.open == users)  # type: ignore[misc]
            seen = peer.seen["/ok"]
            poll(lambda seen=seen: peer.seen["/ok"] > seen + 20)  # type: ignore[misc]
        report = come_to_rest(crowd, 0)
        assert report.rows == peer.seen["/ok"]
        crowd.end()
    rows = samples.read(path)
    assert outcomes(rows) == {"ok": peer.seen["/ok"]}
    assert rows.sent == report.rows
    assert peer.connections == 5
    assert rows.start_ns <= rows.sent_ns.min() < rows.done_ns.max() <= rows.end_ns


def test_a_report_comes_when_its_rows_are_in_the_file(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("ok") as crowd:
        crowd.ask(2)
        poll(lambda: peer.seen["/ok"] > 100)
        report = crowd.ask(2)
        table = read_table(path, 0, report.rows)
        assert len(table) == report.rows >= 100 - 2
        assert np.all(table[:, 4] > table[:, 0])


def test_who_leaves_waits_for_the_answer_to_the_request_under_way(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("slow") as crowd:
        crowd.ask(2)
        poll(lambda: peer.seen["/slow"] == 2)
        assert crowd.ask(0).leaving == 2
        come_to_rest(crowd, 0)
        crowd.end()
    assert outcomes(samples.read(path)) == {"ok": 2}
    assert peer.seen["/slow"] == 2


def test_who_is_abandoned_does_not_and_the_request_is_unfinished(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("silent") as crowd:
        crowd.ask(3)
        poll(lambda: peer.seen["/silent"] == 3)
        assert crowd.ask(1).leaving == 2
        report = crowd.ask(1, abandon=True)
        assert (report.leaving, report.rows) == (0, 2)
        assert report.outcomes[-1] == "unfinished"
        assert {fault for _, fault, _ in report.failures} == {"unfinished"}
        crowd.end()
    assert outcomes(samples.read(path)) == {"unfinished": 3}


def test_who_pauses_goes_at_once(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("pauses") as crowd:
        crowd.ask(3)
        poll(lambda: peer.seen["/ok"] == 3 and crowd.ask(3).rows == 3)
        assert crowd.ask(2).leaving == 0
        poll(lambda: peer.open == 2)
        assert crowd.ask(0).leaving == 0
        crowd.end()
    rows = samples.read(path)
    assert outcomes(rows) == {"ok": 3}
    assert rows.pauses == 3


def test_who_thinks_is_let_go_and_comes_back(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("ok", think_s=0.02) as crowd:
        crowd.ask(4)
        poll(lambda: peer.seen["/ok"] > 40)
        come_to_rest(crowd, 0)
        seen = peer.seen["/ok"]
        crowd.ask(1)
        poll(lambda: peer.seen["/ok"] > seen)
        come_to_rest(crowd, 0)
        crowd.end()
    rows = samples.read(path)
    assert outcomes(rows) == {"ok": peer.seen["/ok"]}
    assert peer.connections == 5


def test_sessions_at_a_pace_are_due_at_even_intervals(lead: Lead, peer: Peer, path: Path) -> None:
    with lead("slow") as crowd:  # which takes 250 ms, so that each is late
        crowd.ask(1, every_s=0.05)
        poll(lambda: peer.seen["/slow"] == 4)
        come_to_rest(crowd, 0)
        crowd.end()
    rows = samples.read(path)
    assert np.all(np.diff(rows.intended_ns) == 50_000_000)
    assert np.all(rows.sent_ns >= rows.intended_ns)
    assert np.all(np.diff(rows.done_ns - rows.intended_ns) > 100_000_000)


def test_a_report_names_methods_outcomes_and_the_beginning_of_wrong_answers(lead: Lead, peer: Peer) -> None:
    with lead("mixed") as crowd:
        first = crowd.ask(1)
        poll(lambda: peer.seen["/wrong-body"] > 5)
        second, third = crowd.ask(1), crowd.ask(1)
    labels = [*first.labels, *second.labels]
    assert sorted(labels) == [("GET", "GET /wrong-body"), ("GET", "front page"), ("POST", "POST /ok")]
    assert (*first.outcomes, *second.outcomes) == ("ok", "wrong-body")
    failures = {*first.failures, *second.failures}
    assert failures == {("GET /wrong-body", "wrong-body", "holla")}
    assert (third.labels, third.outcomes, third.failures) == ((), (), ())


def test_a_host_that_is_not_there_is_refused_and_not_asked_all_the_time(lead: Lead, path: Path) -> None:
    with lead("ok", port=free_port()) as crowd:
        poll(lambda: crowd.ask(2).rows > 4)
        come_to_rest(crowd, 0)
        crowd.end()
    assert set(outcomes(samples.read(path))) == {"refused"}


def test_a_mistake_of_the_flow_is_said_with_its_place(lead: Lead) -> None:
    with lead("raises") as crowd:
        broken = poll(lambda: crowd.ask(2).broken)
        crowd.end()
    assert broken.startswith(" raised ValueError: no idea (")
    assert "crowds.py" in broken


def test_a_process_that_dies_is_an_error_with_its_status(lead: Lead) -> None:
    def ask_on(crowd: CrowdProcess) -> None:
        for _ in range(1000):
            crowd.ask(1)

    with lead("dies") as crowd, pytest.raises(EngineError, match=r"ended with status 3"):
        ask_on(crowd)


def test_what_is_prepared_comes_first_and_once(lead: Lead, peer: Peer) -> None:
    with lead("prepared") as crowd:
        assert peer.seen == {"/continue": 1}
        crowd.ask(2)
        poll(lambda: peer.seen["/ok"] > 10)
    assert peer.seen["/continue"] == 1


def test_a_preparation_that_fails_is_an_error(lead: Lead) -> None:
    problem = r"^scenario 'unprepared': its prepare failed: GET /status-503 answered status-503$"
    with pytest.raises(EngineError, match=problem), lead("unprepared"):
        pass


def test_a_scenario_that_is_not_there_is_an_error_with_the_last_words(lead: Lead) -> None:
    with pytest.raises(EngineError, match=r"ended with status 1; it wrote:\n(.|\n)*no-such"), lead("no-such"):
        pass


def test_rows_that_cannot_be_written_end_it(lead: Lead, path: Path) -> None:
    """Whoever waits for a report would wait for ever."""
    path.symlink_to("/dev/full")
    with lead("ok") as crowd, pytest.raises(EngineError, match=r"(.|\n)*No space left on device"):
        poll(lambda: crowd.ask(2).broken)


def test_it_ends_with_whoever_started_it(lead: Lead, peer: Peer, path: Path) -> None:
    """Whose end is that of its standard input."""
    with lead("silent") as crowd:
        crowd.ask(2)
        poll(lambda: peer.seen["/silent"] == 2)
        crowd.end()
    assert outcomes(samples.read(path)) == {"unfinished": 2}


@pytest.fixture(autouse=True)
def _nothing_is_left(peer: Peer) -> Iterator[None]:
    yield
    poll(lambda: peer.open == 0)
