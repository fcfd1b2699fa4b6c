"""When sessions of a test in Locust begin, in words and figures, for its record."""

from __future__ import annotations

from typing import Any

from locust.env import Environment
from locust.shape import LoadTestShape
from locust.user.users import User

from bench.locust.options import LocustOptions


def rhythm(options: LocustOptions, users: type[User]) -> dict[str, Any]:
    """When the sessions of a class begin: the mean pause `think_s` between them, and the `rhythm` in words."""
    if options.rate_per_s is not None:
        return {}
    if options.think_s is None and (pace_s := options.pace_s or getattr(users, "pace_seconds", 0.0)):
        return {"rhythm": f"a session every {pace_s:g} s"}
    think_s = getattr(users, "think_seconds", 0.0) if options.think_s is None else options.think_s
    return {"think_s": think_s, "rhythm": f"thinking {think_s:g} s"} if think_s else {}


def rhythm_of_all(options: LocustOptions, environment: Environment) -> str:
    """A rate and a shape, in words."""
    shape = environment.shape_class
    steps = f" of {options.steps} steps of {options.step_s:g} s, spike {options.spike:g}"
    rate = "" if options.rate_per_s is None else f"{options.rate_per_s:g} sessions/s in all"
    return ", ".join(filter(None, (rate, "" if shape is None else f"shape {_name(shape)}{steps}")))


def _name(shape: LoadTestShape) -> str:
    """One of ours has a name of its own, as all are of one class."""
    return str(getattr(shape, "shape", type(shape).__name__))
