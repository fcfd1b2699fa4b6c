from __future__ import annotations

import subprocess
import sys
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


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    """A sparse file of a gigabyte, and three lines."""
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.seek(1 << 30)
        file.write(b"\nfirst\nsecond\n")
    assert logs.tail(log, 2) == "first\nsecond"


def test_a_copy_holds_all_of_a_log_but_its_secrets(tmp_path: Path) -> None:
    """Twice, as a setup may have two servers in a round; the folder is made."""
    log, copy = tmp_path / "log", tmp_path / "logs" / "mine.log"
    log.write_text("".join(f"{number} the-known-one password=abcdef\n" for number in range(20_000)))
    logs.copy_masked(log, copy, ["the-known-one"])
    logs.copy_masked(log, copy, ["the-known-one"])
    lines = copy.read_text().splitlines()
    assert lines == [f"{number} *** password=***" for number in range(20_000)] * 2


def test_where_there_is_no_log_there_is_no_copy(tmp_path: Path) -> None:
    logs.copy_masked(tmp_path / "log", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_steps_of_the_import_system_leave_room_for_what_says_something(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "shop.py").write_text("import cart\n")
    (tmp_path / "cart.py").write_text("import nowhere_to_be_found\n")
    program = "import importlib; importlib.import_module('shop')"
    with log.open("w") as out:
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stderr=out, check=False)
    assert "<frozen importlib" in log.read_text()
    quoted = logs.tail(log, 9)
    assert "<frozen importlib" not in quoted
    assert [
        word in quoted for word in ("import cart", "import nowhere_to_be_found", "ModuleNotFoundError")
    ] == [True] * 3
