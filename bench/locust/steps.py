"""How many users a shape wants at which time: steps that follow each other, worked out ahead."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from bench.errors import UsageError, unknown
from bench.locust.options import SHAPES, LocustOptions


@dataclass(frozen=True, slots=True)
class ShapeStep:
    """So many users, for so long."""

    name: str
    users: int
    length_s: float


def steps_of(shape: str, users: int, options: LocustOptions) -> tuple[ShapeStep, ...]:
    """The steps of a shape whose peak, or whose base with `spike`, is `users`.

    `open-arrivals` has one without an end, whose users are the most sessions at a time.
    """
    if shape == "spike":
        high = round(users * options.spike)
        levels = (("before the spike", users), ("spike", high), ("after the spike", users))
        return tuple(ShapeStep(name, level, options.step_s) for name, level in levels)
    if shape == "open-arrivals":
        return (ShapeStep("open arrivals", users, float("inf")),)
    count = min(options.steps, users)
    sizes = [-(-users * number // count) for number in range(1, count + 1)]
    return tuple(
        ShapeStep(f"step {number}: {size:,} user{'s' * (size > 1)}", size, options.step_s)
        for number, size in enumerate(sizes, start=1)
    )


def step_at(steps: tuple[ShapeStep, ...], run_s: float) -> int | None:
    """The place of the step at a time since the start; None after the last one."""
    ends_s = accumulate(step.length_s for step in steps)
    return next((place for place, end_s in enumerate(ends_s) if run_s < end_s), None)


def check_shape(shape: str, options: LocustOptions, least_step_s: float = 0.0) -> None:
    """Raise UsageError where a shape lacks what it needs, or its steps are too short to be judged."""
    if shape not in SHAPES:
        raise unknown("shape", shape, SHAPES)
    if shape == "ramp-to-capacity" and not options.slos:
        raise UsageError("ramp-to-capacity ends when an objective breaks: give --slo, such as p99<50ms")
    if shape == "open-arrivals" and options.rate_per_s is None:
        raise UsageError("open-arrivals starts sessions at a rate: give --rate, in sessions per second")
    if shape != "open-arrivals" and options.step_s < least_step_s:
        raise UsageError(
            f"steps of {options.step_s:g} s end before workers report on them: "
            f"give --step-time {least_step_s:g} or more"
        )
