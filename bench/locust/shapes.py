"""Shapes of load that the form of Locust's page, or --shape, puts in place of a constant number of users."""

from __future__ import annotations

import logging
import math
from argparse import Namespace
from collections.abc import Sequence

import gevent
from locust import LoadTestShape, runners
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner, WorkerRunner

from bench.locust.buckets import percentile_ms
from bench.locust.options import SHAPES, LocustOptions, check_parsed, parse, read
from bench.locust.stages import Counted, begin_stage, conclude, counted_in, end_stage, judge
from bench.locust.steps import ShapeStep, check_shape, step_at, steps_of
from bench.model.record import Latency, RequestSummary
from bench.stats.conditions import Condition

log = logging.getLogger(__name__)
_FOR_P999 = 10_000
_RAMP = 4
"""A step's users are there after a quarter of it at the latest, whatever the rate to start them."""


class SteppedLoad(LoadTestShape):
    """A load whose users change from step to step. `sheds` is whether sessions that find no user free are left out."""

    abstract = True
    use_common_options = True

    def __init__(self, shape: str) -> None:
        super().__init__()
        self.shape = shape
        self.sheds = shape == "open-arrivals"
        self._place: int | None = None
        self._is_over = False

    def reset_time(self) -> None:
        """Begin at the first step; a master counts its time anew when this load has begun already."""
        super().reset_time()
        if self.runner is None or self.runner.shape_greenlet is not gevent.getcurrent():
            self._place, self._is_over = None, False

    def tick(self) -> tuple[int, float] | None:
        """The users at this moment; None at the end."""
        environment = self._environment
        given = environment.parsed_options
        options, users = read(environment), max(1, (given and given.num_users) or 1)
        run_s = self.get_run_time()
        steps = steps_of(self.shape, users, options)
        place = step_at(steps, run_s)
        limit_s = (given and given.run_time) or math.inf
        if place != self._place:
            self._end_step(steps, options)
        if self._is_over or place is None or run_s >= limit_s:
            end_stage(environment)
            return None
        step = steps[place]
        if place != self._place:
            self._place = place
            begin_stage(environment, step.name)
        least_per_s = _RAMP * step.users / step.length_s if not self.sheds else step.users
        return step.users, max((given and given.spawn_rate) or 1, least_per_s)

    @property
    def _environment(self) -> Environment:
        assert self.runner is not None
        return self.runner.environment

    def _end_step(self, steps: Sequence[ShapeStep], options: LocustOptions) -> None:
        """Hold the objectives against the step that ends; a search for the capacity ends with the first that breaks."""
        if self._place is None or not options.slos:
            return
        environment = self._environment
        missed = misses(counted_in(environment), options.slos)
        judge(environment, ", ".join(missed) or "held")
        if self.shape != "ramp-to-capacity":
            return
        if missed:
            step = steps[self._place].users
            held = f"{steps[self._place - 1].users:,} users" if self._place else f"fewer than {step:,} users"
            conclude(environment, f"capacity: {held}; with {step:,} users {', '.join(missed)}")
            self._is_over = True
        elif self._place == len(steps) - 1:
            conclude(
                environment, f"capacity: more than {steps[-1].users:,} users, with which all objectives held"
            )


def misses(counted: Counted, objectives: Sequence[Condition]) -> list[str]:
    """The objectives that a stage broke, each with its figure; without a request all are broken."""
    summary = _summary(counted)
    return [f"{one.describe(summary)} ({one.text})" for one in objectives if not one.holds(summary)]


def least_step_s(environment: Environment) -> float:
    """The shortest step on which every worker has reported twice."""
    return _least_step_s(isinstance(environment.runner, MasterRunner))


def install(events: Events) -> None:
    """Offer the shapes in the class picker, and use the one that --shape names."""
    events.init_command_line_parser.add_listener(_check)
    events.init.add_listener(_offer)


def _check(parser: LocustArgumentParser, **_: object) -> None:
    def check(parsed: Namespace) -> None:
        if parsed.shape:
            has_workers = bool(parsed.master or parsed.processes)
            check_shape(parsed.shape, parse(vars(parsed)), _least_step_s(has_workers))

    check_parsed(parser, check)


def _least_step_s(has_workers: bool) -> float:
    return 2.0 * runners.WORKER_REPORT_INTERVAL if has_workers else 0.0


def _offer(environment: Environment, **_: object) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return
    shapes: dict[str, LoadTestShape] = {name: SteppedLoad(name) for name in SHAPES}
    environment.available_shape_classes = {**(environment.available_shape_classes or {}), **shapes}
    if wanted := getattr(environment.parsed_options, "shape", None):
        environment.shape_class = shapes[wanted]
        shapes[wanted].runner = environment.runner


def _summary(counted: Counted) -> RequestSummary:
    times = counted.times
    if not times:
        return RequestSummary(requests=counted.requests, errors=counted.failures, response_ms=Latency())
    mean = sum(time_ms * count for time_ms, count in times.items()) / sum(times.values())
    shares = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
    if counted.requests < _FOR_P999:
        del shares["p999"]
    percentiles = {name: percentile_ms(times, share) for name, share in shares.items()}
    return RequestSummary(
        requests=counted.requests,
        errors=counted.failures,
        response_ms=Latency(mean=mean, max=max(times), **percentiles),
    )
