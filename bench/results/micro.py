"""Files of pytest-benchmark: how long calls take in-process, in figures that can be joined with a run's."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.errors import UsageError

_STATS = ("median", "q1", "q3", "min", "max", "mean", "stddev")


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """How long one round took, over `rounds` of them; `extra` is what the test itself says of it.

    Of ours it says, among other things, how many calls at once a round makes (`concurrency`), and what of each is the
    cost of running a coroutine (`calibration_us`).
    """

    name: str
    group: str | None
    median_s: float
    q1_s: float
    q3_s: float
    min_s: float
    max_s: float
    mean_s: float
    stddev_s: float
    rounds: int
    extra: Mapping[str, object]

    @property
    def iqr_s(self) -> float:
        """The width of the middle half."""
        return self.q3_s - self.q1_s

    @property
    def call_s(self) -> float:
        """The median time of one call: of calls at once, each has an equal share of their round."""
        return self.median_s / (self._number("concurrency") or 1)

    @property
    def own_s(self) -> float:
        """`call_s` without the cost of running a coroutine."""
        return self.call_s - self._number("calibration_us") / 1e6

    def _number(self, fact: str) -> float:
        value = self.extra.get(fact)
        return value if isinstance(value, (int, float)) else 0


@dataclass(frozen=True, slots=True)
class Micro:
    """One file of pytest-benchmark: the machine as it describes it, and its benchmarks, no two of one name."""

    machine: Mapping[str, object]
    benchmarks: tuple[Benchmark, ...]


def read(text: str) -> Micro:
    """The benchmarks in what `pytest --benchmark-json` writes; where two tests share a name, by their full names.

    Raises UsageError for anything else.
    """
    told = _parse(text)
    listed, machine = told.get("benchmarks"), told.get("machine_info")
    if not isinstance(listed, list) or not isinstance(machine, dict):
        raise UsageError(f"{_NO_SUCH_FILE}: it lacks benchmarks or machine_info")
    try:
        names = Counter(each["name"] for each in listed)
        return Micro(machine, tuple(_benchmark(each, unique=names[each["name"]] == 1) for each in listed))
    except KeyError as missing:
        raise UsageError(f"{_NO_SUCH_FILE}: a benchmark lacks {missing}") from None
    except (TypeError, ValueError) as error:
        raise UsageError(f"{_NO_SUCH_FILE}: a benchmark is not as it should be: {error}") from None


_NO_SUCH_FILE = "this is no JSON that `pytest --benchmark-json=FILE` writes"


def _parse(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{_NO_SUCH_FILE}: it is no JSON at all") from None
    if not isinstance(told, dict):
        raise UsageError(f"{_NO_SUCH_FILE}: it is no object")
    return told


def _benchmark(told: Mapping[str, Any], *, unique: bool) -> Benchmark:
    stats = told["stats"]
    return Benchmark(
        name=str(told["name"] if unique else told["fullname"]),
        group=told["group"],
        **{f"{name}_s": _number(stats, name) for name in _STATS},
        rounds=int(_number(stats, "rounds")),
        extra=dict(told["extra_info"]),
    )


def _number(stats: Mapping[str, Any], name: str) -> float:
    value = stats[name]
    if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value!r}")
    return float(value)
