"""The table of curl's options, against curl's own list of them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from bench.starter.recording.curl_options import SHORT, TAKE_VALUES, UNSUPPORTED, WITHOUT_EFFECT


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_options_take_a_value_where_those_of_curl_do() -> None:
    shown = subprocess.run(
        ["curl", "--help", "all"], check=True, capture_output=True, text=True, timeout=20
    ).stdout
    lines = [found for line in shown.splitlines() if (found := _LINE.match(line))]
    with_value = {found["name"] for found in lines if found["value"]}
    without = {found["name"] for found in lines if not found["value"]}
    assert len(with_value & TAKE_VALUES) > 80
    assert with_value & (WITHOUT_EFFECT - TAKE_VALUES) == set()
    assert without & TAKE_VALUES <= {"preproxy", "proxy"}  # their values stand in other brackets
    letters = {found["letter"]: found["name"] for found in lines if found["letter"]}
    assert {letter: name for letter, name in letters.items() if SHORT.get(letter, name) != name} == {}


_LINE = re.compile(r" *(?:-(?P<letter>\S), )? *--(?P<name>[a-z0-9.-]+)(?P<value> <)?")


def test_what_changes_a_request_is_not_passed_over_in_silence() -> None:
    assert not WITHOUT_EFFECT & {
        "data",
        "header",
        "url",
        "user",
        "request",
        "form",
        "json",
        "get",
        "head",
        "next",
    }
    assert not WITHOUT_EFFECT & set(UNSUPPORTED)
