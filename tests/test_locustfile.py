from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.plan.config import load_setups
from bench.serve.server import serving
from bench.system.processes import Processes
from scenarios import SCENARIOS
from tests.bench.authority import Authority
from tests.bench.engines.peer import Peer
from tests.bench.program import lay_out

LOCUSTFILE = Path(__file__).parents[1] / "locustfile.py"


def locust(
    *arguments: str, scenarios: Path | None = None, client: str = "fast", ca: str = ""
) -> subprocess.CompletedProcess[str]:
    env = (
        os.environ
        | {"BENCH_LOCUST_CLIENT": client, "BENCH_CA": ca}
        | ({"BENCH_SCENARIOS": str(scenarios)} if scenarios else {})
    )
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    return tmp_path


@pytest.fixture
def url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(folder)
    setup = load_setups(folder / "setups.toml")["plain"]
    with Processes() as processes, serving(setup, processes) as server:
        yield server.url


def test_there_is_one_user_class_a_scenario(folder: Path) -> None:
    ours = locust("--list").stdout.split()[2:]
    assert ours == ["".join(part.title() for part in name.split("-")) + "User" for name in SCENARIOS]
    with_mine = locust("--list", scenarios=folder / "my_scenarios.py").stdout.split()[2:]
    assert with_mine == [
        *ours,
        "FrontPageUser",
        "WrongStatusUser",
        "WrongBodyUser",
        "DieUser",
        "RaisesUser",
        "EmptyUser",
        "WrongVictimUser",
    ]


@pytest.mark.parametrize("client", ["fast", "http"])
def test_wrong_answers_are_failures_and_end_their_session(client: str, folder: Path, url: str) -> None:
    load = ("--headless", "-u", "2", "-r", "2", "--run-time", "3s", "--host", url, "--json", "--only-summary")
    done = locust(
        "WrongBodyUser", "WrongStatusUser", *load, scenarios=folder / "my_scenarios.py", client=client
    )
    assert done.returncode == 1  # Locust's way to say that requests failed
    counted = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert set(counted) == {"/", "/wrong-body", "/wrong-status"}
    for name, entry in counted.items():
        assert entry["num_requests"] > 0
        assert entry["num_failures"] == (0 if name == "/" else entry["num_requests"])
    assert abs(counted["/"]["num_requests"] - counted["/wrong-body"]["num_requests"]) <= 1
    assert "wrong-body" in done.stderr + done.stdout
    assert "status-200" in done.stderr + done.stdout


@pytest.mark.parametrize("client", ["fast", "http"])
@pytest.mark.parametrize("is_unix", [True, False], ids=["a Unix socket", "TLS"])
def test_a_host_may_be_a_unix_socket_or_speak_tls(is_unix: bool, client: str, folder: Path) -> None:
    authority = Authority(folder)
    path = str(folder / "app.sock") if is_unix else ""
    with Peer(tls=None if is_unix else authority.context(), path=path) as peer:
        host = f"unix:{path}" if is_unix else f"https://127.0.0.1:{peer.port}"
        load = ("--headless", "-u", "2", "-r", "2", "--run-time", "2s", "--host", host, "--json")
        mine = folder / "my_scenarios.py"
        done = locust(
            "FrontPageUser",
            *load,
            "--only-summary",
            scenarios=mine,
            client=client,
            ca="" if is_unix else authority.pem,
        )
        seen = peer.seen["/"]
    (entry,) = json.loads(done.stdout)
    assert (entry["num_failures"], done.returncode) == (0, 0), done.stderr
    assert 0 < entry["num_requests"] <= seen <= entry["num_requests"] + 2


ALIKE = """
from scenarios.model import Request, Scenario
from scenarios.single import Always

HOME = Always(Request("GET", "/"))
NAMES = ("list-items", "list_items", "listItems", "Listitems", "listitems-2", "list items", "items_crud")
SCENARIOS = {name: Scenario(name=name, flow=HOME) for name in NAMES}
"""


def test_names_that_are_alike_are_classes_of_their_own(tmp_path: Path) -> None:
    mine = tmp_path / "alike.py"
    mine.write_text(ALIKE)
    names = locust("--list", scenarios=mine).stdout.split()[2:]
    assert len(names) == len(set(names)) == len(SCENARIOS) + 7
    assert set(names) > {"ListItemsUser", "ListItems2User", "ItemsCrudUser", "ItemsCrud2User"}


BY_HAND = """
from itertools import cycle

from scenarios.model import Request, Scenario
from scenarios.single import Always

PATHS = ("ok", "slow", "silent", "half")
SCENARIOS = {path: Scenario(path, Always(Request("GET", f"/{path}"))) for path in PATHS}
SCENARIOS["wrong"] = Scenario("wrong", Always(Request("GET", "/status-503")))
SCENARIOS["broken"] = Scenario("broken", lambda rng: (one for one in ["GET /"]))
SCENARIOS["named"] = Scenario("named", Always(Request("GET", "/ok", name="front page")))
BODIES = cycle(("/ok", "/wrong-body"))


def mixed(rng):
    yield Request("GET", next(BODIES), name="page", expect=404)


SCENARIOS["mixed"] = Scenario("mixed", mixed)
"""


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[Callable[..., tuple[dict[str, Any], Peer]]]:
    """Runs Locust by hand on a user class against our peer; the one entry of its statistics, and the peer."""
    mine = tmp_path / "by_hand.py"
    mine.write_text(BY_HAND)

    def run(kind: str, *options: str, client: str = "fast") -> tuple[dict[str, Any], Peer]:
        load = ("--headless", "-u", "4", "-r", "4", "--run-time", "1s", "--json", "--only-summary")
        host = f"http://127.0.0.1:{peer.port}/"
        done = locust(kind, *load, "--host", host, *options, scenarios=mine, client=client)
        (entry,) = json.loads(done.stdout)
        return {**entry, "said": done.stderr + done.stdout}, peer

    with Peer() as peer:
        yield run


@pytest.mark.parametrize("client", ["fast", "http"])
def test_requests_under_way_at_the_stop_are_counted_when_they_are_answered(
    client: str, by_hand: Callable[..., tuple[dict[str, Any], Peer]]
) -> None:
    """An answer takes a quarter of a second, so four of them are on their way at any moment."""
    entry, peer = by_hand("SlowUser", client=client)
    assert (entry["num_requests"], entry["num_failures"]) == (peer.seen["/slow"], 0)


@pytest.mark.parametrize("client", ["fast", "http"])
def test_requests_without_an_answer_when_the_stop_is_over_are_failures(
    client: str, by_hand: Callable[..., tuple[dict[str, Any], Peer]]
) -> None:
    entry, peer = by_hand("SilentUser", "--stop-timeout", "1", client=client)
    assert entry["num_requests"] == entry["num_failures"] == peer.seen["/silent"] == 4
    assert "unfinished" in entry["said"]
    assert entry["max_response_time"] >= 1000


@pytest.mark.parametrize("client", ["fast", "http"])
def test_a_server_that_drops_half_of_its_requests_fails_half_of_them(
    client: str, by_hand: Callable[..., tuple[dict[str, Any], Peer]]
) -> None:
    entry, peer = by_hand("HalfUser", client=client)
    assert entry["num_requests"] == peer.seen["/half"]
    assert entry["num_failures"] == peer.seen["/half"] // 2


def test_a_failure_says_how_the_answer_begins(
    by_hand: Callable[..., tuple[dict[str, Any], Peer]],
) -> None:
    entry, _ = by_hand("WrongUser")
    assert "status-503: hello" in entry["said"]


def test_answers_that_differ_are_one_row_of_failures(
    by_hand: Callable[..., tuple[dict[str, Any], Peer]],
) -> None:
    """An answer with a number of its own would be a row of its own, in a table that Locust keeps in memory."""
    entry, peer = by_hand("MixedUser")
    assert peer.seen["/ok"] > 1 < peer.seen["/wrong-body"]
    assert sum(f"status-200: {body}" in entry["said"] for body in ("hello", "holla")) == 1


@pytest.mark.parametrize(("kind", "name"), [("OkUser", "/ok"), ("NamedUser", "front page")])
def test_a_name_leaves_out_the_method_which_stands_beside_it(
    kind: str, name: str, by_hand: Callable[..., tuple[dict[str, Any], Peer]]
) -> None:
    entry, _ = by_hand(kind)
    assert (entry["method"], entry["name"]) == ("GET", name)


def test_a_mistake_of_the_author_is_a_line_for_each_user_and_ends_them(tmp_path: Path) -> None:
    mine = tmp_path / "by_hand.py"
    mine.write_text(BY_HAND)
    with Peer() as peer:
        load = (
            "--headless",
            "-u",
            "2",
            "-r",
            "2",
            "--run-time",
            "2s",
            "--host",
            f"http://127.0.0.1:{peer.port}",
        )
        done = locust("BrokenUser", *load, scenarios=mine)
    said = [line for line in done.stderr.splitlines() if "scenario 'broken'" in line]
    assert (done.returncode, len(said)) == (1, 2)
    assert "Traceback" not in done.stderr
