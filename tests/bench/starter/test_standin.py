"""What stands in for the reader of configuration and the finder of interpreters."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.starter.standin import find_interpreter, parse_assignment, read_env_file, written_setups


def test_interpreters_assignments_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert find_interpreter("", tmp_path).path == Path(sys.executable)
    assert find_interpreter("own/python", tmp_path).path == tmp_path / "own/python"
    assert parse_assignment("--env", "A=b=c") == ("A", "b=c")
    with pytest.raises(UsageError, match="--env"):
        parse_assignment("--env", "A")
    (tmp_path / ".env").write_text("# no\nexport A='b'\n")
    assert read_env_file("--env-file", tmp_path / ".env") == {"A": "b"}
    text = '[service]\napp = "a:b"\napp_dir = "src"\n[setups.mine]\nserver = "uvicorn"\n'
    (tmp_path / "bench.toml").write_text(text)
    assert written_setups(tmp_path)["mine"].app == "a:b"
