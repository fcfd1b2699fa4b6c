from __future__ import annotations

import json

import pytest

from bench.errors import UsageError
from bench.history.lines import line, read, whole
from tests.bench.history.entries import entry, history

TWO = b"".join(map(line, history([1.0, 1.5])))


def test_what_is_written_is_read() -> None:
    assert read(TWO, "here").entries == history([1.0, 1.5])
    assert TWO.count(b"\n") == 2


def test_the_fields_of_a_line_are_the_format() -> None:
    said = json.loads(line(entry(3, 1.25)))
    assert said == {
        "commit": {
            "hash": f"{3:040x}",
            "subject": "subject 3",
            "date": "2026-11-04T12:00:00+00:00",
            "dirty": False,
        },
        "when": "2026-11-24T12:00:00+00:00",
        "machine": {"fingerprint": "aaaaaaaaaaaa", "about": "a machine"},
        "run": "a-run",
        "anchor": "anchor / ping / native, 32 users",
        "series": {"uvicorn / noop-async": {"cpu": {"value": 1.25, "low": 1.24, "high": 1.26, "n": 3}}},
        "versions": {},
        "caveats": {},
        "service": None,
        "harness": {},
        "schema": 1,
    }


@pytest.mark.parametrize("kept", [0, 1, 10, len(TWO) // 2 - 2], ids=lambda kept: f"{kept} bytes of it")
def test_a_last_line_that_was_cut_off_is_told_and_goes_before_the_next(kept: int) -> None:
    second = TWO[len(TWO) // 2 :]
    found = read(TWO + second[:kept], "here")
    assert (found.entries, found.torn) == (history([1.0, 1.5]), second[:kept])
    assert whole(TWO + second[:kept], "here") == TWO


def test_a_last_line_that_lacks_only_its_end_is_kept() -> None:
    found = read(TWO[:-1], "here")
    assert (found.entries, found.torn) == (history([1.0, 1.5]), b"")
    assert whole(TWO[:-1], "here") == TWO


def test_fields_of_a_later_version_are_ignored() -> None:
    said = json.loads(line(entry(0))) | {"weather": "fine"}
    assert read(json.dumps(said).encode(), "here").entries == (entry(0),)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param(b"{nonsense}\n", "Expecting property name", id="no JSON"),
        pytest.param(b"7\n", "the line: ", id="no object"),
        pytest.param(b'{"schema": 9}\n', "schema 9, this version reads 1", id="a later version"),
        pytest.param(b'{"schema": 1}\n', "commit: Field required", id="a field that is missing"),
        pytest.param(line(entry(0)).replace(b"2026-11-01T", b"yesterday"), "Invalid isoformat", id="no date"),
    ],
)
def test_what_is_no_entry_is_refused_by_its_line(changed: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=f"^here, line 3: .*{why}"):
        read(TWO + changed + TWO, "here")
    with pytest.raises(UsageError, match=r"^here, line 3: "):
        whole(TWO + changed + TWO, "here")


def test_a_line_of_before_services_were_known_is_read() -> None:
    said = json.loads(line(entry(0, versions={"uvicorn": "1"})))
    del said["service"], said["harness"]
    (found,) = read(json.dumps(said).encode(), "here").entries
    assert (found.service, found.harness_versions) == (None, {"uvicorn": "1"})
