from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.locust.options import LocustOptions, parse

LOCUSTFILE = Path(__file__).parents[3] / "locustfile.py"


def test_nothing_given_is_what_the_classes_say() -> None:
    assert parse({}) == parse({"think": "", "pace": None, "slo": " , "}) == LocustOptions()


def test_texts_are_read() -> None:
    found = parse({"think": "0", "slo": "p99<50ms, p50<2ms", "bench_report": "True", "steps": "3"})
    assert (found.think_s, found.report, found.steps) == (0.0, True, 3)
    assert [one.text for one in found.slos] == ["p99<50ms", "p50<2ms", "errors<0.1%"]
    assert parse({"pace": " 1.5 "}).pace_s == 1.5
    assert parse({"rate": 200}).rate_per_s == 200.0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"think": "-1"}, "--think is '-1': give a number from 0 on"),
        ({"pace": "0"}, "--pace is '0': give a number above 0"),
        ({"rate": "fast"}, "--rate is 'fast': give a number above 0"),
        ({"rate": "inf"}, "--rate is 'inf'"),
        ({"slo": "p98<50ms"}, "unknown metric 'p98'"),
        ({"steps": "2.5"}, "--steps is '2.5': give a whole number"),
        ({"step_time": "x"}, "--step-time is 'x'"),
        ({"think": "1", "rate": "2"}, "--think and --rate both say when a session starts"),
    ],
)
def test_every_mistake_has_its_sentence(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse(values)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--think", "x"), "--think is 'x': give a number from 0 on"),
        (("--slo", "p99<50"), "a response time has a unit"),
        (("--pace", "1", "--rate", "2"), "--pace and --rate both say when a session starts"),
        (("--slo", "p99<1s", "--slo", "p99<2s"), "there are two objectives for p99"),
        (("--shape", "open-arrivals"), "give --rate"),
        (("--shape", "ramp-to-capacity"), "give --slo"),
        (("--tags", "jurney"), "leave no user class; tags are: async"),
    ],
)
def test_the_command_line_is_refused_with_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--run-time", "1"]
    done = subprocess.run(
        [*command, *arguments], env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
