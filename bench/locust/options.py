"""Arguments of Locust's command line that are fields of its form, too: read and checked in one place."""

from __future__ import annotations

import math
import os
from argparse import Action, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError
from bench.stats.conditions import Condition
from bench.stats.objectives import parse_all

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser
    from locust.env import Environment
    from locust.event import Events

SHAPES = ("steps", "spike", "ramp-to-capacity", "open-arrivals")
_MOST_STEPS = 1000
_STOP_TIMEOUT = "10"
"""Seconds that the requests under way at Stop have for their answers, unless --stop-timeout says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustOptions:
    """Options of a test run, as the command line or the form gave them.

    `think_s` is the mean of the exponentially distributed pause between two sessions of a user; a session of each user
    starts every `pace_s`; `rate_per_s` sessions start a second, of all users of this test run. None is not given.
    A shape has `steps` of `step_s`, and its spike `spike` times the users. `report` is whether a test run leaves a
    record.
    """

    think_s: float | None = None
    pace_s: float | None = None
    rate_per_s: float | None = None
    slos: tuple[Condition, ...] = ()
    report: bool = False
    steps: int = 5
    step_s: float = 30.0
    spike: float = 10.0


_USUAL = LocustOptions()


def parse(values: Mapping[str, object]) -> LocustOptions:
    """Options from texts, by the names of the arguments; an empty text is an option not given. Raises UsageError."""
    texts = {name: str(value).strip() for name, value in values.items() if value is not None}
    rhythms = [name for name in ("think", "pace", "rate") if texts.get(name)]
    if len(rhythms) > 1:
        first, second, *_ = rhythms
        raise UsageError(
            f"--{first} and --{second} both say when a session starts: give one of --think, --pace and --rate"
        )
    return LocustOptions(
        think_s=_number(texts, "think", from_zero=True),
        pace_s=_number(texts, "pace"),
        rate_per_s=_number(texts, "rate"),
        slos=_slos(texts.get("slo", "")),
        report=texts.get("bench_report", "").lower() == "true",
        steps=_whole(texts, "steps") or _USUAL.steps,
        step_s=_number(texts, "step_time") or _USUAL.step_s,
        spike=_number(texts, "spike") or _USUAL.spike,
    )


def read(environment: Environment) -> LocustOptions:
    """Options of an environment; those of a worker are its master's. Raises UsageError."""
    return parse(vars(environment.parsed_options) if environment.parsed_options else {})


def install(events: Events) -> None:
    """Add the arguments to Locust's own, and refuse those that do not go together."""
    events.init_command_line_parser.add_listener(_add)


def check_parsed(parser: LocustArgumentParser, check: Callable[[Namespace], object]) -> None:
    """Make a parser refuse what `check` raises UsageError for: before Locust starts any worker, and with status 2."""
    stock = parser.parse_args

    def parse_args(*arguments: Any, **options: Any) -> Namespace:
        parsed: Namespace = stock(*arguments, **options)
        try:
            check(parsed)
        except UsageError as error:
            parser.error(str(error))
        return parsed

    parser.parse_args = parse_args


def _add(parser: LocustArgumentParser, **_: object) -> None:
    """Add the arguments; the form shows their help as the labels of fields, 300 pixels wide on a telephone."""

    def add(name: str, metavar: str, help: str, **more: Any) -> None:
        kind = _checked(name.removeprefix("--").replace("-", "_"))
        parser.add_argument(name, metavar=metavar, help=help, type=kind, **{"default": "", **more})

    parser.set_defaults(stop_timeout=_STOP_TIMEOUT)
    add("--think", "SECONDS", "mean seconds between sessions")
    add("--pace", "SECONDS", "seconds from start to start")
    add("--rate", "PER_S", "sessions per second in all")
    add("--slo", "SLO", "such as p99<50ms, mean<20ms", action=_Joined)
    parser.add_argument(
        "--shape", choices=SHAPES, help="how the number of users changes", include_in_web_ui=False
    )
    add("--steps", "N", "of the shapes steps and ramp-to-capacity", default=str(_USUAL.steps))
    add("--step-time", "SECONDS", "seconds of each step of a shape", default=f"{_USUAL.step_s:g}")
    add(
        "--spike",
        "TIMES",
        "of the shape spike: times the users",
        default=f"{_USUAL.spike:g}",
    )
    parser.add_argument(
        "--bench-report",
        action=BooleanOptionalAction,
        default="BENCH_LOCUST" in os.environ,
        help="write a record and a report of each test run",
    )
    check_parsed(parser, lambda parsed: parse(vars(parsed)))


class _Joined(Action):
    """Keeps what is given more than once as one text with commas, as the form has one field for it."""

    def __call__(
        self,
        parser: object,
        namespace: Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, f"{given}, {values}" if given else str(values))


def _checked(name: str) -> Callable[[str], str]:
    """The text of an argument as it was given, once it is known to be right."""

    def check(text: str) -> str:
        try:
            parse({name: text})
        except UsageError as error:
            raise ArgumentTypeError(str(error)) from None
        return text

    return check


def _slos(text: str) -> tuple[Condition, ...]:
    """Objectives between commas; none of nothing."""
    texts = [part for part in text.split(",") if part.strip()]
    return parse_all(texts) if texts else ()


def _number(texts: Mapping[str, str], name: str, *, from_zero: bool = False) -> float | None:
    text = texts.get(name)
    if not text:
        return None
    wanted = "from 0 on" if from_zero else "above 0"
    sentence = f"--{name.replace('_', '-')} is {text!r}: give a number {wanted}"
    try:
        number = float(text)
    except ValueError:
        raise UsageError(sentence) from None
    if not math.isfinite(number) or number < 0 or (number == 0 and not from_zero):
        raise UsageError(sentence)
    return number


def _whole(texts: Mapping[str, str], name: str) -> int | None:
    number = _number(texts, name)
    if number is not None and (number != int(number) or number > _MOST_STEPS):
        raise UsageError(f"--{name} is {texts[name]!r}: give a whole number from 1 to {_MOST_STEPS}")
    return None if number is None else int(number)
