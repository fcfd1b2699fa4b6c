"""What `bench locust` hands to Locust comes back as it was, and only we may read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.locust.handover import HANDOVER_VARIABLE, Handover, read_handover
from bench.model.address import Address, Tls
from bench.model.plan import Setup


@pytest.fixture
def handover(tmp_path: Path) -> Handover:
    return Handover(
        setup=Setup("mine", "uvicorn", workers=2, env={"APP_TOKEN": "canary"}, args=("--limit", "5")),
        address=Address("127.0.0.1", 8000, tls=Tls(ca="/run/ca.pem"), prefix="/api"),
        server_pid=42,
        server_log=tmp_path / "server.log",
        locust_log=tmp_path / "locust.log",
        service_pids=(43, 44),
        server_cpus=(0,),
        generator_cpus=(1,),
        own_cpus=(1,),
        runs=tmp_path / "reports",
        spool=tmp_path / "spool",
        scenarios_file=tmp_path / "scenarios.py",
        profile=True,
        facts={"cpus": {"server": [0], "quota": None}, "host": {"cores": 2}},
    )


@pytest.mark.parametrize("is_bare", [True, False], ids=["a server without pid", "a server of ours"])
def test_a_handover_comes_back_as_it_was(
    is_bare: bool, handover: Handover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = replace(handover, server_pid=None, scenarios_file=None) if is_bare else handover
    path = tmp_path / "handover.json"
    given.write(path)
    monkeypatch.setenv(HANDOVER_VARIABLE, str(path))
    assert read_handover() == given
    assert given.url == "https://127.0.0.1:8000"


def test_nobody_else_may_read_it(handover: Handover, tmp_path: Path) -> None:
    path = tmp_path / "handover.json"
    handover.write(path)
    assert path.stat().st_mode & 0o077 == 0


def test_locust_by_hand_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HANDOVER_VARIABLE, raising=False)
    assert read_handover() is None
