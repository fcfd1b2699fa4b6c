"""Users whose requests the native engine sends, under a Locust of its own process, against servers that count."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.system.ports import free_port
from tests.bench.authority import Authority
from tests.bench.engines.peer import Peer
from tests.bench.locust.ui import LocustUi, locust_ui, run_until
from tests.bench.program import lives, poll
from tests.test_locustfile import BY_HAND

MORE = """

def pages(rng):
    yield Request("GET", "/ok", name="front page")
    yield Request("POST", "/wrong-body", body=b"1")


def paused(rng):
    yield Request("GET", "/ok")
    yield Pause(600)


def blocks(rng):
    response = yield Request("GET", "/ok")
    if response.body == b"hello":  # not for the Scenarios tab, which tries flows without a server
        time.sleep(600)


SCENARIOS["blocks"] = Scenario("blocks", blocks)
SCENARIOS["unready"] = Scenario(
    "unready", Always(Request("GET", "/ok")), prepare=Always(Request("GET", "/silent"))
)
SCENARIOS["pages"] = Scenario("pages", pages)
SCENARIOS["paused"] = Scenario("paused", paused)
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mine") / "mine.py"
    path.write_text("import time\n" + BY_HAND.replace("import Request,", "import Pause, Request,") + MORE)
    return path


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as running:
        yield running


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(peer: Peer, mine: Path, tmp_path: Path) -> Run:
    """Runs Locust on a class against the peer, without its page: the entries by name, what it `said`, its `status`.

    It is ended when the peer has seen `seen` requests, or when it `says` something.
    """

    def start(
        kind: str,
        *options: str,
        seen: int = 200,
        says: str = "",
        host: str = "",
        ca: str = "",
        at: Peer = peer,
    ) -> dict[str, Any]:
        host = host or f"http://127.0.0.1:{at.port}/"
        entries, said, status = run_until(
            lambda text: says in text if says else at.seen.total() >= seen,
            *(kind, "-u", "4", "-r", "4", "--host", host, *options),
            folder=tmp_path,
            env={"BENCH_LOCUST_CLIENT": "native", "BENCH_SCENARIOS": str(mine), "BENCH_CA": ca},
        )
        return {**entries, "said": said, "status": status}

    return start


def test_every_request_is_counted_as_the_server_counts_it(run: Run, peer: Peer) -> None:
    found = run("OkUser")
    assert (found["/ok"]["num_requests"], found["/ok"]["num_failures"]) == (peer.seen["/ok"], 0)
    assert peer.seen["/ok"] > 100
    assert (found["status"], peer.connections) == (0, 4)
    assert found["/ok"]["total_response_time"] > 0
    assert sum(found["/ok"]["response_times"].values()) == peer.seen["/ok"]
    assert sum(found["/ok"]["num_reqs_per_sec"].values()) == peer.seen["/ok"]


def test_requests_under_way_at_the_stop_are_counted_when_they_are_answered(run: Run, peer: Peer) -> None:
    found = run("SlowUser", seen=8)
    assert (found["/slow"]["num_requests"], found["/slow"]["num_failures"]) == (peer.seen["/slow"], 0)
    assert found["/slow"]["min_response_time"] >= 250


def test_requests_without_an_answer_when_the_stop_is_over_are_failures(run: Run, peer: Peer) -> None:
    found = run("SilentUser", "--stop-timeout", "1", seen=4)
    assert found["/silent"]["num_requests"] == found["/silent"]["num_failures"] == peer.seen["/silent"] == 4
    assert "unfinished" in found["said"]
    assert found["/silent"]["max_response_time"] >= 1000


def test_a_server_that_drops_half_of_its_requests_fails_half_of_them(run: Run, peer: Peer) -> None:
    found = run("HalfUser")
    assert found["/half"]["num_requests"] == peer.seen["/half"] > 50
    assert found["/half"]["num_failures"] == peer.seen["/half"] // 2


def test_a_failure_says_how_the_answer_begins(run: Run) -> None:
    assert "status-503: hello" in run("WrongUser")["said"]


def test_each_method_and_name_has_a_row(run: Run, peer: Peer) -> None:
    found = run("PagesUser")
    named, plain = found["front page"], found["/wrong-body"]
    assert (named["method"], named["num_requests"]) == ("GET", peer.seen["/ok"])
    assert (plain["method"], plain["num_requests"]) == ("POST", peer.seen["/wrong-body"])


def test_who_pauses_in_a_session_ends_at_the_stop(run: Run, peer: Peer) -> None:
    found = run("PausedUser", "--stop-timeout", "50", seen=4)
    assert (found["/ok"]["num_requests"], peer.seen["/ok"]) == (4, 4)


SUFFIX = " (from the intended start)"


def test_a_pace_is_kept_by_each_user_and_has_a_row_from_the_intended_start(run: Run, peer: Peer) -> None:
    found = run("SlowUser", "--pace", "0.1", seen=12)  # which a request of 250 ms cannot keep
    plain, due = found["/slow"], found[f"/slow{SUFFIX}"]
    assert plain["num_requests"] == due["num_requests"] == peer.seen["/slow"] >= 8
    assert plain["min_response_time"] >= 250
    assert due["max_response_time"] > plain["max_response_time"]


def test_a_rate_is_that_of_all_users_together(run: Run, peer: Peer) -> None:
    """A session of each of the four users is due every 100 ms: 40 a second, and one of each is on its way at most."""
    began_s = time.monotonic()
    found = run("OkUser", "--rate", "40", seen=40)
    took_s = time.monotonic() - began_s
    assert found["/ok"]["num_requests"] == peer.seen["/ok"]
    assert 40 <= peer.seen["/ok"] <= 40 * took_s + 4
    assert f"/ok{SUFFIX}" in found


def test_open_arrivals_are_refused_with_the_way_out(run: Run, peer: Peer) -> None:
    found = run("OkUser", "--shape", "open-arrivals", "--rate", "40", says="OkUser: open arrivals")
    assert "use --client fast" in found["said"]
    assert peer.connections == 0


def test_users_think_as_long_as_the_options_say(run: Run, peer: Peer) -> None:
    found = run("OkUser", "--think", "600", seen=4)
    assert found["/ok"]["num_requests"] == peer.seen["/ok"] == 4
    assert f"/ok{SUFFIX}" not in found


def test_a_mistake_of_the_author_is_one_sentence_and_ends_the_users(run: Run) -> None:
    found = run("BrokenUser", says="scenario 'broken'")
    said = [line for line in found["said"].splitlines() if "scenario 'broken'" in line]
    assert (found["status"], len(said)) == (1, 1)
    assert "BrokenUser: scenario 'broken': " in said[0]
    assert "the flow yielded the text 'GET /'" in said[0]
    assert "Traceback" not in found["said"]


@pytest.mark.parametrize("kind", ["BlocksUser", "UnreadyUser"])
def test_a_generator_that_does_not_answer_is_ended_after_the_stop(kind: str, run: Run, peer: Peer) -> None:
    found = run(kind, "--stop-timeout", "1", seen=1)
    assert f"{kind}: the load generator did not answer for 3 s" in found["said"]
    assert "Traceback" not in found["said"]
    poll(lambda: peer.open == 0)


def test_a_host_that_is_no_url_is_a_sentence(run: Run) -> None:
    found = run("OkUser", host="http://127.0.0.1:seven", says="is not a URL")
    assert found["status"] == 1
    assert "OkUser: the host http://127.0.0.1:seven is not a URL" in found["said"]
    assert "Traceback" not in found["said"]


@pytest.mark.parametrize("is_unix", [True, False], ids=["a Unix socket", "TLS"])
def test_a_host_may_be_a_unix_socket_or_speak_tls(is_unix: bool, run: Run, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    path = str(tmp_path / "app.sock") if is_unix else ""
    with Peer(tls=None if is_unix else authority.context(), path=path) as peer:
        host = f"unix:{path}" if is_unix else f"https://127.0.0.1:{peer.port}"
        found = run("OkUser", host=host, ca="" if is_unix else authority.pem, at=peer)
    assert (found["/ok"]["num_requests"], found["/ok"]["num_failures"]) == (peer.seen["/ok"], 0)
    assert peer.seen["/ok"] > 4


@pytest.mark.parametrize("count", [1, 2])
def test_workers_that_locust_forks_count_what_the_server_counts(count: int, run: Run, peer: Peer) -> None:
    port = str(free_port())
    ports = ("--master-bind-port", port, "--master-port", port)
    found = run("OkUser", "--processes", str(count), *ports)
    assert found["/ok"]["num_failures"] == 0
    assert found["/ok"]["num_requests"] == peer.seen["/ok"] > 100
    assert peer.connections <= 4  # of one process alone, where that had made enough before the other began


# --- with its page


@pytest.fixture
def ui(peer: Peer, mine: Path) -> Iterator[LocustUi]:
    env = {"BENCH_LOCUST_CLIENT": "native", "BENCH_SCENARIOS": str(mine)}
    with locust_ui("OkUser", "--host", f"http://127.0.0.1:{peer.port}", env=env) as running:
        yield running


def generators(ui: LocustUi) -> list[psutil.Process]:
    """The native generators that live under a Locust."""
    family = psutil.Process(ui.child.pid).children(recursive=True)
    return [one for one in family if "bench.engines.crowd_program" in " ".join(one.cmdline())]


def test_start_change_and_stop_in_the_page_are_obeyed(ui: LocustUi, peer: Peer) -> None:
    ui.swarm(2, 10)
    poll(lambda: ui.entry().get("num_requests", 0) > 20)
    assert peer.open == 2
    ui.swarm(6, 100)
    poll(lambda: peer.open == 6)
    ui.swarm(1, 100)
    poll(lambda: peer.open == 1)
    assert len(generators(ui)) == 1
    seen = peer.seen["/ok"]
    poll(lambda: ui.entry()["num_requests"] > seen)
    poll(lambda: ui.entry()["current_rps"] > 0)
    ui.stop()
    assert generators(ui) == []
    poll(lambda: peer.open == 0)
    poll(lambda: ui.entry("/ok")["num_requests"] == peer.seen["/ok"])
    assert ui.entry("/ok")["num_failures"] == 0
    first = peer.seen["/ok"]
    ui.swarm(3, 10)  # and again, with figures of its own
    poll(lambda: peer.open == 3)
    ui.stop()
    poll(lambda: ui.entry("/ok")["num_requests"] == peer.seen["/ok"] - first)
    assert ui.end() == 0
    assert "Traceback" not in ui.said, ui.said


def test_a_host_that_is_not_there_is_a_failure_of_each_request(mine: Path) -> None:
    env = {"BENCH_LOCUST_CLIENT": "native", "BENCH_SCENARIOS": str(mine)}
    with locust_ui("OkUser", "--host", f"http://127.0.0.1:{free_port()}", env=env) as ui:
        ui.swarm(4, 10)
        poll(lambda: ui.entry().get("num_requests", 0) > 4)
        ui.stop()
        entry, (error,) = poll(lambda: (ui.entry("/ok"), ui.stats()["errors"]))
    assert entry["num_requests"] == entry["num_failures"] > 4
    assert error["error"] == "refused"


@pytest.mark.parametrize("client", ["fast", "http", "native"])
def test_a_server_that_drops_half_shows_half_in_the_page(client: str, peer: Peer, mine: Path) -> None:
    env = {"BENCH_LOCUST_CLIENT": client, "BENCH_SCENARIOS": str(mine)}
    with locust_ui("HalfUser", "--host", f"http://127.0.0.1:{peer.port}", env=env) as ui:
        ui.swarm(4, 10)
        poll(lambda: ui.entry().get("num_requests", 0) > 100)
        ui.stop()
        poll(lambda: ui.entry("/half")["num_requests"] == peer.seen["/half"])
        entry, errors = ui.entry("/half"), ui.stats()["errors"]
        assert ui.end() == 1
    assert entry["num_failures"] == peer.seen["/half"] // 2
    (error,) = errors
    assert "reset" in error["error"]
    assert error["occurrences"] == entry["num_failures"]


def test_a_generator_that_is_killed_is_a_sentence_and_nobody_stays(ui: LocustUi, peer: Peer) -> None:
    ui.swarm(3, 10)
    poll(lambda: ui.entry().get("num_requests", 0) > 20)
    (generator,) = generators(ui)
    generator.kill()
    poll(lambda: ui.stats()["user_count"] == 0)
    (problem,) = ui.get("/exceptions")["exceptions"]
    assert "OkUser: the load generator ended with status -9" in problem["msg"]
    ui.stop()
    assert ui.end() == 1
    assert "OkUser: the load generator ended with status -9" in ui.said
    assert "Traceback" not in ui.said, ui.said


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_locust_that_is_ended(signum: int, ui: LocustUi, peer: Peer) -> None:
    ui.swarm(3, 10)
    poll(lambda: ui.entry().get("num_requests", 0) > 20)
    family = psutil.Process(ui.child.pid).children(recursive=True)
    assert len(family) >= 2
    ui.end(signum)
    poll(lambda: not any(lives(one) for one in family))
    poll(lambda: peer.open == 0)


# --- in a locustfile of one's own

OWN = """
from fastapi_bench.native_user import NativeUser
from scenarios.model import Request, Scenario
from scenarios.single import Always


class MyUser(NativeUser):
    scenario = Scenario("mine", Always(Request("GET", "/ok", name="mine")))
    host = "http://127.0.0.1:{port}"
    {more}
"""


def own(folder: Path, peer: Peer, more: str, seen: int = 200) -> tuple[dict[str, dict[str, Any]], str, int]:
    """Locust on a locustfile with a class of one's own, until the peer has seen so many requests, or a user ends."""
    file = folder / "locustfile.py"
    file.write_text(OWN.format(port=peer.port, more=more))
    return run_until(
        lambda text: "MyUser: " in text or peer.seen["/ok"] >= seen,
        *("-u", "3", "-r", "3"),
        folder=folder,
        env={},
        file=file,
    )


def test_a_class_of_ones_own_needs_a_scenario_and_a_host(peer: Peer, tmp_path: Path) -> None:
    entries, _, status = own(tmp_path, peer, "")
    entry = entries["mine"]
    assert entry["method"] == "GET"
    assert entry["num_requests"] == peer.seen["/ok"] > 100
    assert (entry["num_failures"], status) == (0, 0), "without a time for the stop, too"


def test_it_may_think(peer: Peer, tmp_path: Path) -> None:
    entries, _, _ = own(tmp_path, peer, "think_seconds = 600.0", seen=3)
    assert entries["mine"]["num_requests"] == peer.seen["/ok"] == 3


REFUSED = {
    "wait_time = staticmethod(lambda: 1)": "wait_time",
    "tasks = [print]": "tasks of its own",
    "scenario = 'mine'": "no scenario",
}


@pytest.mark.parametrize(("more", "word"), REFUSED.items())
def test_what_the_generator_does_not_see_is_refused(more: str, word: str, peer: Peer, tmp_path: Path) -> None:
    _, said, status = own(tmp_path, peer, more)
    assert status == 1
    assert word in said
    assert "Traceback" not in said
    assert peer.connections == 0
