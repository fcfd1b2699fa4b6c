from __future__ import annotations

from pathlib import Path

import pytest

from bench.system import logs


def test_a_log_is_quoted_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(100)))

    assert logs.quote(log).splitlines() == [f"    line {number} \ufffd" for number in range(88, 100)]
    assert logs.tail(log, 2) == "line 98 \ufffd\nline 99 \ufffd"


def test_secrets_are_masked_in_a_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of our environment, those behind a name, and those that the caller knows."""
    monkeypatch.setenv("SOME_TOKEN", "inherited-one")
    (tmp_path / "log").write_text("x\n" * 20 + "inherited-one\npassword=abc\nthe-known-one\nharmless\n")
    assert logs.tail(tmp_path / "log", 4, ["the-known-one"]) == "***\npassword=***\n***\nharmless"
    assert logs.quote(tmp_path / "log", 1, ["harmless"]) == "    ***"


@pytest.mark.parametrize("content", ["", "\n \n"], ids=["empty", "blank"])
def test_of_an_empty_log_that_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "log").write_text(content)
    assert logs.quote(tmp_path / "log") == "    (nothing was written)"
    assert logs.tail(tmp_path / "log") == ""
