"""A Valkey of our own: empty, of this machine only, without a file on disk, and gone afterwards."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from bench.errors import ServerError
from bench.serve import valkey
from bench.system.processes import Processes


def test_it_is_empty_keeps_nothing_on_disk_and_is_gone_afterwards(
    processes: Processes, folders: Path
) -> None:
    with valkey.running(processes) as url, redis.Redis.from_url(url) as client:
        assert urlsplit(url).hostname == "127.0.0.1"
        assert client.dbsize() == 0
        assert client.config_get("bind")["bind"] == "127.0.0.1"
        assert client.config_get("save")["save"] == ""
        assert client.config_get("appendonly")["appendonly"] == "no"
        assert Path(client.config_get("dir")["dir"]).parent == folders
    assert list(folders.iterdir()) == []
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_an_installed_one_goes_before_the_wheels(
    processes: Processes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = tmp_path / "redis-server"
    mine.write_text("#!/bin/sh\n/bin/echo this is mine\nexit 1\n")
    mine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ServerError, match=r"redis-server did not start; its log:\n *this is mine"),
        valkey.running(processes),
    ):
        pass
