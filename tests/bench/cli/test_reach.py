"""Options about certificates: `bench run --url https://...` against a server of the test's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.authority import Authority
from tests.bench.engines.peer import Peer
from tests.bench.engines.scripted import Scripted, refuse_what_is_no_request
from tests.bench.program import bench

SCENARIO = """
from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

SCENARIOS = {"hello": Scenario("hello", Always(Request("GET", "/ok", check=contains(b"hello"))))}
"""
RUN = ("run", "--scenarios", "mine.py", "--scenario", "hello", "--users", "2", "--out", "out")
SHORT = ("--rounds", "1", "--long", "--stretch", "0.3", "--warmup", "0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(SCENARIO)
    return tmp_path


def records(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "out" / "records.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("is_verified", [True, False], ids=["with its authority", "unverified"])
def test_a_server_that_is_trusted_gets_what_the_run_says_it_sent(is_verified: bool, folder: Path) -> None:
    authority = Authority(folder)
    trust = ("--ca", "authority.pem") if is_verified else ("--no-verify",)
    assert Path(authority.pem) == folder / "authority.pem"
    with Peer(tls=authority.context("localhost")) as peer:
        done = bench(*RUN, *SHORT, "--url", f"mine=https://localhost:{peer.port}", *trust, cwd=folder)
        seen = peer.seen["/ok"]
        hosts = {head.split(b"\r\n")[1] for head in peer.requests}
    assert done.returncode == 0, done.stderr
    (record,) = records(folder)
    summary = record["summary"]
    assert isinstance(summary, dict)
    assert summary["requests"] + 1 == seen, "and one was looked at before"
    assert hosts == {f"Host: localhost:{peer.port}".encode()}


def test_a_certificate_that_is_not_trusted_is_one_sentence_with_both_ways_out(folder: Path) -> None:
    with Peer(tls=Authority(folder).context()) as peer:
        url = f"https://127.0.0.1:{peer.port}"
        done = bench(*RUN, *SHORT, "--url", url, cwd=folder)
        assert not peer.seen
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"the certificate of {url} cannot be verified" in line
    assert "--ca FILE" in line
    assert "--no-verify" in line


def test_a_certificate_for_another_name_asks_for_that_name(folder: Path) -> None:
    authority = Authority(folder)
    with Peer(tls=authority.context("localhost")) as peer:
        url = f"https://127.0.0.1:{peer.port}"
        done = bench(*RUN, *SHORT, "--url", url, "--ca", authority.pem, cwd=folder)
        assert not peer.seen
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"the certificate of {url} cannot be verified" in line
    assert "a name or an address that the certificate is for" in line
    assert "--ca" not in line


def test_a_server_without_tls_and_an_authority_that_is_none_are_one_sentence_each(folder: Path) -> None:
    with Scripted(refuse_what_is_no_request) as plain:
        url = f"https://127.0.0.1:{plain.port}"
        done = bench(*RUN, *SHORT, "--url", url, cwd=folder)
        assert not plain.heads
        absent = bench(*RUN, *SHORT, "--url", url, "--ca", "absent.pem", cwd=folder)
    assert (done.returncode, absent.returncode) == (1, 1)
    assert f"no TLS handshake can be made with {url}: wrong version number" in done.stderr
    assert "absent.pem: cannot be read: No such file" in absent.stderr
    assert [done.stderr.count("\n"), absent.stderr.count("\n")] == [1, 1]


def test_a_unix_socket_is_loaded_as_localhost(folder: Path) -> None:
    with Peer(path=str(folder / "app.sock")) as peer:
        done = bench(*RUN, *SHORT, "--url", "unix:app.sock", "--processes", "2", cwd=folder)
        seen = peer.seen["/ok"]
        hosts = {head.split(b"\r\n")[1] for head in peer.requests}
    assert done.returncode == 0, done.stderr
    (record,) = records(folder)
    summary = record["summary"]
    assert isinstance(summary, dict)
    assert summary["requests"] + 1 == seen
    assert hosts == {b"Host: localhost"}
