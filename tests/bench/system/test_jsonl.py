"""Lines that are there when `append` returns, whatever happens afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.system import jsonl

LINES = (b'{"a": 1}\n', b'{"a": 2}\n', b'{"a": 3}\n')


def test_lines_are_appended_and_a_file_is_made_without_any(tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    jsonl.append(file)
    assert file.read_bytes() == b""
    jsonl.append(file, LINES[0])
    jsonl.append(file, *LINES[1:])
    assert file.read_bytes() == b"".join(LINES)


def test_an_append_is_one_write_and_one_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, sizes = tmp_path / "file.jsonl", list[int]()
    monkeypatch.setattr(os, "fsync", lambda _: sizes.append(file.stat().st_size))
    jsonl.append(file, *LINES)
    assert sizes == [len(b"".join(LINES))]


@pytest.mark.parametrize("kept", range(len(LINES[2])))
def test_a_last_line_that_was_cut_off_at_any_length_is_apart(kept: int) -> None:
    content = b"".join(LINES[:2]) + LINES[2][:kept]
    assert jsonl.split(content) == ([b'{"a": 1}', b'{"a": 2}'], LINES[2][:kept])


@pytest.mark.parametrize("torn", [b"", b'{"a"'], ids=["whole", "cut off"])
def test_a_line_is_appended_to_what_is_whole(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "file.jsonl"
    file.write_bytes(LINES[0] + torn)
    jsonl.append_to_whole(file, LINES[1], lambda content: content.removesuffix(torn))
    assert file.read_bytes() == LINES[0] + LINES[1]


def test_a_line_that_cannot_be_read_is_named_with_its_number_and_the_reason() -> None:
    lines = jsonl.parse([b"1", b"2", b"{oops"], "here", json.loads)
    assert [next(lines), next(lines)] == [1, 2]
    with pytest.raises(UsageError, match=r"^here, line 3: Expecting property name"):
        next(lines)


@pytest.mark.parametrize("line", [b"{}", b"7", b'{"schema": 3}'])
def test_a_line_of_this_schema_or_without_one_passes(line: bytes) -> None:
    jsonl.check_schema(line, 3)


@pytest.mark.parametrize("line", [b'{"schema": 4}', b"{"])
def test_a_line_of_another_schema_and_what_is_not_json_do_not_pass(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"schema 4, this version reads 3|Expecting"):
        jsonl.check_schema(line, 3)
