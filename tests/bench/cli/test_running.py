"""`--url` as a user meets it: servers that the test started measure what the harness sends them, and live on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.measure.store import read_run
from bench.system.ports import free_port
from tests.bench.arrivals import Witness, counting, most_in_a_second, wait_for_arrivals
from tests.bench.program import MINE, bench, bench_here, lives, poll, start
from tests.bench.system.http2_peer import Http2Peer

QUICK = ("run", "tiny", *MINE, "--out", "out")
LONG = ("--long", "--stretch", "0.4", "--rounds", "2")
LATE = 3
"""Requests that may come late enough for the server to see them in another second than they were sent in."""

UVICORN_APP = """
import json, os, time

count = 0

async def app(scope, receive, send):
    global count
    assert scope["type"] == "http"
    if scope["path"] == "/account":
        body = json.dumps({"count": count, "cpu_s": time.process_time(), "pid": os.getpid()}).encode()
    else:
        count, body = count + 1, b"hello"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def witness() -> Iterator[Witness]:
    with counting() as running:
        yield running


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out" / "records.jsonl").read_text().splitlines()]


def codes(record: dict[str, Any]) -> set[str]:
    return {caveat["code"] for caveat in record["caveats"]}


def run_json(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "run.json").read_text())
    return found


# --- what was sent, and what it cost -------------------------------------------------------------


@contextlib.contextmanager
def uvicorn(folder: Path) -> Iterator[str]:
    """The URL of a uvicorn that nobody but this test started."""
    (folder / "counted.py").write_text(UVICORN_APP)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "counted:app", "--port", str(port), "--log-level", "warning"]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            poll(lambda: accepts(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def account(url: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import urllib.request as u; print(u.urlopen('{url}/account').read().decode())",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.alone
def test_a_uvicorn_counts_what_the_run_says_it_sent_and_what_it_cost(folder: Path) -> None:
    """In stretches without a warm-up every request counts, besides one a round that was looked at before."""
    with uvicorn(folder) as url:
        before = account(url)
        done = bench(*QUICK, "--url", f"mine={url}", *LONG, "--json", cwd=folder)
        after = account(url)
    assert done.returncode == 0, done.stderr
    found = records(folder)
    assert [record["cell"]["setup"] for record in found] == ["mine", "mine"]
    requests = sum(record["summary"]["requests"] for record in found)
    assert after["count"] == requests + 2
    assert after["pid"] == before["pid"], "it is the same process"
    used_s, its_own_s = (
        sum(record["resources"]["cpu_s"] for record in found),
        after["cpu_s"] - before["cpu_s"],
    )
    assert its_own_s - 0.1 < used_s < its_own_s, "besides loads it opens connections, and ticks"
    for record in found:
        assert record["resources"]["cpu_us_per_request"] == pytest.approx(used_s * 1e6 / requests, rel=0.3)
        assert record["resources"]["rss_peak_bytes"] > 10_000_000
        assert [worker["pid"] for worker in record["resources"]["workers"]] == [after["pid"]]
        assert "same-process" in codes(record)
    assert f"process {after['pid']}" in done.stderr
    setup = run_json(folder)["plan"]["setups"]["mine"]
    assert (setup["server"], setup["address"], setup["most_rps"]) == ("running", url, 0)


def test_several_are_lanes_of_the_same_rotations(folder: Path, witness: Witness) -> None:
    with counting() as other:
        urls = ("--url", f"one={witness.url}", "--url", f"two={other.url}")
        done = bench(*QUICK, *urls, "--rounds", "2", "--minutes", "0.1", cwd=folder)
        assert lives(psutil.Process(witness.process.pid))
        assert lives(psutil.Process(other.process.pid))
    assert done.returncode == 0, done.stderr
    found = {(record["cell"]["setup"], record["cell"]["repeat"]): record for record in records(folder)}
    assert set(found) == {(name, repeat) for name in ("one", "two") for repeat in (0, 1)}
    for repeat in (0, 1):
        one, two = (found[name, repeat]["slices"]["rotation"] for name in ("one", "two"))
        assert one == two
        assert len(one) >= 4
    results = json.loads((folder / "out" / "results.json").read_text())
    compared = {(one["base"], one["head"], one["metric"]) for one in results["comparisons"]}
    assert {metric for *sides, metric in compared if set(sides) == {"one", "two"}} == {"throughput", "cpu"}
    assert "same-process" in (folder / "out" / "report.md").read_text()


def test_one_that_runs_is_measured_next_to_one_that_is_started(folder: Path, witness: Witness) -> None:
    done = bench(*QUICK, "--url", f"mine={witness.url}", "--setup", "plain", cwd=folder)
    assert done.returncode == 0, done.stderr
    by_setup = {record["cell"]["setup"]: record for record in records(folder)}
    assert set(by_setup) == {"mine", "plain"}
    assert "same-process" not in codes(by_setup["plain"])


@pytest.mark.parametrize("engine", ["native", "locust"])
def test_the_path_of_the_url_goes_before_those_of_the_scenario(
    engine: str, folder: Path, witness: Witness
) -> None:
    url = f"http://localhost:{witness.port}/api/v1/"
    done = bench(*QUICK, "--url", url, "--engine", engine, "--long", "--stretch", "0.2", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert {(path, *hosts) for _, path, hosts in witness.notes} == {("/api/v1/", f"localhost:{witness.port}")}
    assert {record["cell"]["setup"] for record in records(folder)} == {f"localhost:{witness.port}"}


def test_one_that_speaks_http2_is_measured_over_it(folder: Path) -> None:
    with Http2Peer() as peer:
        url = f"mine=http://127.0.0.1:{peer.port}"
        done = bench(*QUICK, "--url", url, "--http2", "--long", "--stretch", "0.2", cwd=folder)
    assert done.returncode == 0, done.stderr
    (record,) = records(folder)
    assert record["summary"]["requests"] > 0
    assert record["summary"]["errors"] == 0
    assert run_json(folder)["plan"]["setups"]["mine"]["http2"] is True
    assert sum(peer.seen.values()) > record["summary"]["requests"]


def test_one_that_does_not_speak_http2_is_told_so(folder: Path, witness: Witness) -> None:
    done = bench(*QUICK, "--url", f"mine={witness.url}", "--http2", cwd=folder)
    assert done.returncode != 0
    assert "HTTP/2" in done.stderr


# --- what is not known is not zero ---------------------------------------------------------------


@pytest.mark.parametrize("more", [(), LONG], ids=["in slices", "in stretches"])
def test_where_processes_are_not_known_their_figures_are_null_and_verdicts_left_out(
    more: tuple[str, ...], folder: Path
) -> None:
    """Two servers behind programs that pass a port on, as far as anybody can tell."""
    with counting(name="docker-proxy") as one, counting(name="docker-proxy") as two:
        urls = ("--url", f"one={one.url}", "--url", f"two={two.url}")
        done = bench(*QUICK, *urls, "--rounds", "2", *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    found = records(folder)
    assert len(found) == 4
    for record in found:
        used = record["resources"]
        names = ("cpu_us_per_request", "cpu_s", "rss_peak_bytes", "busy_share")
        assert [used[name] for name in names] == [None] * 4
        assert (used["workers"], used["timeline"]) == ([], [])
        assert set(record["slices"]["cpu_us_per_request"]) <= {None}
        assert record["idle_cpu_share"] is None
        assert "no-processes" in codes(record)
        assert record["summary"]["throughput_rps"] > 0
    results = json.loads((folder / "out" / "results.json").read_text())
    assert {one["metric"] for one in results["comparisons"]} == {"throughput"}
    assert {one["metric"] for one in results["rankings"]} == {"throughput"}
    text = (folder / "out" / "report.md").read_text()
    assert "docker-proxy" in text
    for tool in ("csv", "openmetrics", "bencher"):
        assert bench_here("export", "out", "--to", tool, cwd=folder).returncode == 0


# --- other hosts ---------------------------------------------------------------------------------


def own_address() -> str:
    """An address of this machine beyond loopback."""
    for some in psutil.net_if_addrs().values():
        for one in some:
            if one.family == socket.AF_INET and not one.address.startswith("127."):
                return one.address
    pytest.skip("this machine has no address beyond loopback")


def test_a_host_beyond_loopback_is_refused_before_anything_is_sent(folder: Path) -> None:
    with counting(own_address()) as elsewhere:
        for command in (QUICK, ("capacity", "front-page", *MINE[:4])):
            done = bench_here(*command, "--url", elsewhere.url, cwd=folder)
            assert done.returncode == 2
            assert f"add --allow-remote {elsewhere.host}" in done.stderr
        other = bench_here(*QUICK, "--url", elsewhere.url, "--allow-remote", "192.0.2.200", cwd=folder)
        assert other.returncode == 2
        assert elsewhere.notes == []
    assert not (folder / "out").exists()


def announced(text: str) -> int:
    """The most requests that the run said it would send."""
    return int(text.split("at most ")[1].split(" in all")[0].replace(",", ""))


@pytest.mark.parametrize(
    ("more", "ceiling"),
    [(("--users", "6"), 100), (("--users", "6", "--most-rps", "40"), 40), (("--rate", "60"), 100)],
    ids=["users", "a lower ceiling", "arrivals"],
)
def test_one_that_is_allowed_gets_what_was_said_and_no_more(
    more: tuple[str, ...], ceiling: int, folder: Path
) -> None:
    with counting(own_address()) as elsewhere:
        allowed = ("--url", f"far={elsewhere.url}", "--allow-remote", elsewhere.host)
        length = ("--minutes", "0.1", "--rounds", "2", "--stretch", "1.5")
        done = bench(*QUICK, *allowed, *more, *length, cwd=folder)
        arrivals = elsewhere.arrivals_ns
        assert lives(psutil.Process(elsewhere.process.pid))
    assert done.returncode == 0, done.stderr
    (said,) = [line for line in done.stderr.splitlines() if "sends to" in line]
    assert elsewhere.url in said
    assert "front-page" in said
    assert f"more than {ceiling} requests" in said
    assert len(arrivals) <= announced(said)
    assert most_in_a_second(arrivals) <= ceiling + LATE
    held = "--users" in more
    for record in records(folder):
        assert ("ceiling" in codes(record)) is held
        assert record["valid"] is not held
        assert record["resources"]["cpu_us_per_request"] > 0, "its process is this machine's all the same"


@contextlib.contextmanager
def other_machine() -> Iterator[tuple[list[str], str]]:
    """A network of its own behind a cable: the start of a command line that runs there, and its address."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("to make a network takes root and iproute2")
    tag = uuid.uuid4().hex[:6]
    space, here, there = f"bench-{tag}", f"bh{tag}", f"bt{tag}"
    net = f"10.{int(tag[:2], 16)}.{int(tag[2:4], 16)}"

    def ip(line: str) -> None:
        subprocess.run(["ip", *line.split()], check=True, capture_output=True, timeout=20)

    try:
        ip(f"netns add {space}")
    except subprocess.CalledProcessError:
        pytest.skip("this machine allows no network of one's own")
    try:
        ip(f"link add {here} type veth peer name {there} netns {space}")
        ip(f"addr add {net}.1/30 dev {here}")
        ip(f"link set {here} up")
        ip(f"-n {space} addr add {net}.2/30 dev {there}")
        ip(f"-n {space} link set {there} up")
        yield ["ip", "netns", "exec", space], f"{net}.2"
    finally:
        ip(f"netns del {space}")


def test_on_another_machine_nothing_of_ours_is_taken_for_the_servers(folder: Path) -> None:
    with other_machine() as (inside, address), counting(address, inside=inside) as far:
        allowed = ("--url", far.url, "--allow-remote", address, "--users", "2")
        done = bench(*QUICK, *allowed, "--minutes", "0.1", cwd=folder)
        arrivals = far.arrivals_ns
    assert done.returncode == 0, done.stderr
    assert most_in_a_second(arrivals) <= 100 + LATE
    (record,) = records(folder)
    used = record["resources"]
    assert [used[name] for name in ("cpu_us_per_request", "cpu_s", "rss_peak_bytes", "steal_share")] == [
        None
    ] * 4
    assert codes(record) >= {"no-processes", "same-process"}
    assert codes(record).isdisjoint({"not-pinned", "one-cpu", "shared-core"})
    assert "another machine" in (folder / "out" / "report.md").read_text()


# --- its end -------------------------------------------------------------------------------------


def test_a_server_that_is_killed_meanwhile_is_told_with_the_way_out(folder: Path, witness: Witness) -> None:
    asked = ("--url", f"mine={witness.url}", "--minutes", "0.5", "--rounds", "2")
    with start(*QUICK, *asked, cwd=folder) as child:
        wait_for_arrivals(witness, 2000)
        witness.process.kill()
        out, err = child.communicate(timeout=30)
    assert child.returncode == 1
    assert f"the server on {witness.url} has ended or accepts no connection; start it there" in err
    assert "Traceback" not in out + err
    failures = [json.loads(line) for line in (folder / "out" / "failures.jsonl").read_text().splitlines()]
    assert {failure["setup"] for failure in failures} == {"mine"}


def test_one_whose_process_is_not_known_and_is_gone_is_told_likewise(folder: Path) -> None:
    with counting(name="docker-proxy") as forwarder:
        asked = ("--url", f"mine={forwarder.url}", "--minutes", "0.5", "--rounds", "2")
        with start(*QUICK, *asked, cwd=folder) as child:
            wait_for_arrivals(forwarder, 2000)
            forwarder.process.kill()
            err = child.communicate(timeout=30)[1]
    assert child.returncode == 1
    assert f"the server on {forwarder.url} has ended or accepts no connection" in err


def test_ctrl_c_leaves_the_server_running(folder: Path, witness: Witness) -> None:
    with start(*QUICK, "--url", f"mine={witness.url}", *LONG, "--stretch", "20", cwd=folder) as child:
        wait_for_arrivals(witness, 200)
        child.send_signal(signal.SIGINT)
        err = child.communicate(timeout=10)[1]
    assert child.returncode == 130
    assert "Traceback" not in err
    assert lives(psutil.Process(witness.process.pid))
    assert read_run(folder / "out").facts.interrupted is True
    count = len(witness.notes)
    assert bench(*QUICK[:-1], "again", "--url", witness.url, cwd=folder).returncode == 0
    assert len(witness.notes) > count


def test_a_server_that_is_not_there_is_told_before_a_run_is_begun(folder: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = bench_here(*QUICK, "--url", url, cwd=folder)
    assert done.returncode == 1
    assert f"nothing listens on {url}; start the server there" in done.stderr
    assert not (folder / "out").exists()


# --- wrong usage ---------------------------------------------------------------------------------

WRONG = {
    "trust without https": (
        "--url {url} --no-verify",
        "--ca and --no-verify are for servers that run already",
    ),
    "one authority and all of them": (
        "--url https://localhost --ca my.pem --no-verify",
        "--no-verify trusts everybody: give one of them",
    ),
    "a socket that is not there": ("--url unix:no.sock", "no.sock is not a Unix socket"),
    "no scheme": ("--url 127.0.0.1:8000", "write it with its scheme"),
    "another machine": ("--url http://203.0.113.7:8000", "add --allow-remote 203.0.113.7"),
    "HTTP/2 of nothing": ("--http2", "give its --url, too; a setup says http2 = true"),
    "two of a name": ("--url {url} --url {url}", "name them, as in a={url}"),
    "the name of a setup": ("--url plain={url}", "as in my-plain=URL"),
    "a ceiling of nothing": ("--most-rps 50", "give its --url, too"),
    "a rate above the ceiling": ("--url {url} --most-rps 50 --rate 49", "above the 46 that it carries"),
    "a crowd below a ceiling": ("--url {url} --most-rps 10 --users 51", "give at most 50 --users"),
    "an engine without a ceiling": (
        "--url {url} --most-rps 50 --engine locust",
        "only the native engine keeps",
    ),
}


@pytest.mark.parametrize(("line", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_is_one_sentence_and_nothing_is_sent(
    line: str, sentence: str, folder: Path, witness: Witness
) -> None:
    done = bench_here(*QUICK, *line.format(url=witness.url).split(), cwd=folder)
    assert done.returncode == 2
    assert sentence.format(url=witness.url) in done.stderr.splitlines()[-1]
    assert witness.notes == []
    assert not (folder / "out").exists()


def test_a_file_of_setups_has_none_that_run_already(folder: Path) -> None:
    with (folder / "setups.toml").open("a") as file:
        file.write('[there]\nserver = "running"\n')
    done = bench_here(*QUICK, "--setup", "there", cwd=folder)
    assert done.returncode == 2
    assert "give it with --url" in done.stderr


# --- capacity ------------------------------------------------------------------------------------

SEARCH = ("--duration", "0.1", "--patience", "0", "--slo", "p99<20s", "--out", "out", *MINE[:4])


@pytest.mark.alone
def test_the_capacity_of_one_that_runs_is_searched_up_to_its_ceiling(folder: Path, witness: Witness) -> None:
    asked = ("--url", f"mine={witness.url}", "--most-rps", "200", "--tolerance", "50")
    done = bench("capacity", "front-page", *asked, *SEARCH, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["setup"], found["scenario"], found["limit"]) == ("mine", "front-page", "max-rate")
    assert found["arrivals_per_s"] == pytest.approx(0.8 * 181)
    assert most_in_a_second(witness.arrivals_ns) <= 200 + LATE
    assert len(witness.notes) <= announced(done.stderr)
    assert lives(psutil.Process(witness.process.pid))
    assert "fresh server" not in (folder / "out" / "report.md").read_text()


CAPACITY_WRONG = {
    "a setup, too": ("plain front-page --url {url}", "give the scenario alone"),
    "no scenario": ("plain", "there is no scenario"),
    "workers of another": (
        "front-page --url {url} --workers 1,2,4",
        "its number of workers is not ours to set",
    ),
}


@pytest.mark.parametrize(("line", "sentence"), CAPACITY_WRONG.values(), ids=CAPACITY_WRONG.keys())
def test_wrong_usage_of_a_search_is_one_sentence(
    line: str, sentence: str, folder: Path, witness: Witness
) -> None:
    done = bench_here("capacity", *line.format(url=witness.url).split(), *MINE[:4], cwd=folder)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert witness.notes == []
