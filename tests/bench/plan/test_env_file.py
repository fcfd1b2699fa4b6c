from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.plan.env_file import parse_assignment, read_env_file

TEXT = """\
# settings of a developer
export NAME=shop
QUOTED="two words # no comment" # a comment
SINGLE='${NAME} #1'
URL=postgresql://${USER_OF_DB:-me}@localhost/${NAME}
FROM_US=${BENCH_TEST_VALUE}
EMPTY=
BARE
"""


def test_values_are_read_as_python_dotenv_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_TEST_VALUE", "ours")
    monkeypatch.delenv("USER_OF_DB", raising=False)
    (tmp_path / ".env").write_text(TEXT)
    assert read_env_file("here", tmp_path / ".env") == {
        "NAME": "shop",
        "QUOTED": "two words # no comment",
        "SINGLE": "shop #1",
        "URL": "postgresql://me@localhost/shop",
        "FROM_US": "ours",
        "EMPTY": "",
    }


def test_a_file_that_cannot_be_read_or_understood_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.env").write_text("A=1\nthis is no assignment\nB=2\n")
    (tmp_path / "bytes.env").write_bytes(b"\xff\xfe")
    for name, sentence in (
        ("nowhere.env", "there is no such file"),
        ("broken.env", "line 2 is no assignment"),
        ("bytes.env", "cannot be read"),
    ):
        with pytest.raises(UsageError) as caught:
            read_env_file("--env-file", tmp_path / name)
        assert str(caught.value).startswith(f"--env-file: {tmp_path / name}: {sentence}")


def test_an_assignment_has_a_name_and_a_value_that_may_be_empty_or_hold_a_sign() -> None:
    assert parse_assignment("--env", "A=b=c") == ("A", "b=c")
    assert parse_assignment("--env", "A=") == ("A", "")
    for wrong in ("A", "=b", "a b=c", ""):
        with pytest.raises(UsageError, match="write NAME=value"):
            parse_assignment("--env", wrong)
