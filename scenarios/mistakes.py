"""Mistakes of whoever writes a scenario, each as one sentence with its place in their file and the way out."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import FrameType, TracebackType
from typing import Any

from scenarios.callers import caller

_OURS = Path(__file__).parent
_LOWEST_STATUS, _HIGHEST_STATUS = 100, 999  # of three digits


class ScenarioError(Exception):
    """A mistake in a scenario; `place` is its file and line, as `shop.py:12`, or empty where that is not known."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.place = place

    def at(self, place: str) -> ScenarioError:
        """The same mistake, with a place if it has none."""
        return self if self.place else ScenarioError(self.message, place)


# --- names

_noted: list[tuple[str, str]] = []


def note_scenario(name: str) -> None:
    """Keep the name of a scenario that the user's code makes, and the place; a copy of one has no place."""
    _noted.append((name, caller_place()))


def take_noted() -> list[tuple[str, str]]:
    """The names and places of the scenarios that were made since the last call."""
    taken = _noted[:]
    _noted.clear()
    return taken


# --- places


def caller_place() -> str:
    """The file and line of the user's code that called ours, as `shop.py:12`; empty where ours called itself."""
    frame = caller()
    return "" if frame is None or frame.f_globals.get("__name__") == "dataclasses" else _place(frame)


def function_place(function: object) -> str:
    """The file and line where a function begins; empty where it is written in another language."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def flow_place(flow: object) -> str:
    """The line at which a flow waits, in the innermost of the generators that it consists of."""
    place = ""
    while inspect.isgenerator(flow) and flow.gi_frame is not None:
        place = _place(flow.gi_frame)
        flow = flow.gi_yieldfrom or flow.gi_frame.f_locals.get("flow")
    return place


def error_place(error: BaseException) -> str:
    """The last line of the user's own code that an exception passed: neither ours nor an installed package's."""
    place, trace = "", error.__traceback__
    while trace is not None:
        if _is_users(trace):
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _is_users(trace: TracebackType) -> bool:
    file = Path(trace.tb_frame.f_code.co_filename)
    installed = {"site-packages", "dist-packages", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
    return not installed & {*file.parts} and not file.is_relative_to(_OURS.parent / "bench") and file.exists()


# --- functions


def check_flow(who: str, flow: object, arguments: Sequence[int] = (1,)) -> None:
    """Check what is given as the flow of something: a function that takes one of these numbers of arguments.

    Raises ScenarioError.
    """
    problems = [_flow_mistake(flow, count) for count in arguments]
    if all(problems):
        raise ScenarioError(f"{who} {problems[0]}", function_place(flow) or caller_place())


def _flow_mistake(flow: object, arguments: int) -> str:
    if inspect.isgenerator(flow):
        return "is a generator already: give the function itself, without the call"
    if not callable(flow):
        return f"is {_kind(flow)}: give a function with `yield`, or Always(request)"
    body = flow if inspect.isroutine(flow) or inspect.isclass(flow) else type(flow).__call__
    if inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body):
        return (
            "is an `async def`: write `def`, and `yield` in place of `await`, as the harness does the waiting"
        )
    wanted = ("rng", "state")[:arguments]
    try:
        inspect.signature(flow).bind(*wanted)
    except TypeError:
        return f"cannot be called with ({', '.join(wanted)}): give it {_count(arguments)}"
    except ValueError:
        return ""  # a callable of another language does not say what it takes
    return ""


def open_flow(function: Callable[[Random], Any], rng: Random) -> Any:
    """Call a function for its flow. Raises ScenarioError where that is not a generator."""
    flow = function(rng)
    if not hasattr(flow, "send") or inspect.iscoroutine(flow):
        if inspect.iscoroutine(flow):
            flow.close()
        raise ScenarioError(not_a_flow(flow), function_place(function))
    return flow


def not_a_flow(made: object) -> str:
    """The sentence about what a function gave in place of a flow."""
    if made is None:
        return "the flow returned None: it has no `yield`; write `yield Request(...)`"
    if type(made).__name__ == "Request":
        return "the flow returned a Request: write `yield` in place of `return`"
    return (
        f"the flow returned {_kind(made)}: a flow is a function with `yield`, not `return`, not `async def`"
    )


def explain_error(error: BaseException) -> str:
    """The error that a flow raised, in words that go right after the scenario's name."""
    if isinstance(error, ScenarioError):
        return f": {error}"
    place = error_place(error)
    return f" raised {type(error).__name__}: {error}" + (f" ({place})" if place else "")


def explain(error: Exception, flow: object, step: object = None) -> str:
    """The fault of a flow, or of a step that it yielded, in words that go right after the scenario's name."""
    if not isinstance(error, ScenarioError) and not hasattr(flow, "send"):
        return f": {not_a_flow(flow)}"
    problem = ""
    if step is not None and not isinstance(error, ScenarioError):
        problem = request_mistake(step) if hasattr(step, "headers") else step_mistake(step)
    return explain_error(ScenarioError(problem, flow_place(flow)) if problem else error)


# --- steps


def step_mistake(step: object) -> str:
    """The sentence about what a flow yielded in place of a Request or a Pause."""
    if inspect.isgenerator(step):
        return "the flow yielded a generator: write `yield from` in place of `yield`"
    if inspect.isawaitable(step):
        if inspect.iscoroutine(step):
            step.close()
        return "the flow yielded a coroutine: a flow cannot await; call a plain function"
    if isinstance(step, str):
        return f"the flow yielded the text {step[:40]!r}: write `yield Request('GET', {step[:40]!r})`"
    return f"the flow yielded {_kind(step)}: yield a Request or a Pause"


def checked_seconds(seconds: float, flow: object) -> float:
    """The seconds of a pause at which a flow waits. Raises ScenarioError where they are not a number of at least 0."""
    if not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise ScenarioError(f"Pause({seconds!r}): give seconds, 0 or more", flow_place(flow))
    return seconds


def request_mistake(request: Any) -> str:
    """The sentence about a request that cannot be sent as it stands; empty where there is none."""
    return (
        _line_mistake(request)
        or _headers_mistake(request.headers)
        or _body_mistake(request.body)
        or _expect_mistake(request.expect)
        or _check_mistake(request.check)
        or ("" if isinstance(request.name, str) else f"name is {_kind(request.name)}: give text")
    )


def _line_mistake(request: Any) -> str:
    method, path = request.method, request.path
    if not isinstance(method, str) or not method.isascii() or not method or any(map(str.isspace, method)):
        return f"method is {method!r}: give a word such as 'GET'"
    if not isinstance(path, str) or not path:
        return f"path is {path!r}: give text that begins with '/'"
    if path.startswith(("http://", "https://")):
        return f"path is {path[:60]!r}: give the path alone, such as '/items'; the setup or --url says which server"
    if not path.isascii() or not path.isprintable() or " " in path:
        return f"path is {path[:60]!r}: quote what it is made of, by urllib.parse.quote or urlencode"
    return ""


def _headers_mistake(headers: object) -> str:
    if isinstance(headers, dict):
        return "headers is a dict: give pairs, (('Accept', 'text/html'),), or tuple({...}.items())"
    if not isinstance(headers, tuple) or not all(
        isinstance(pair, tuple) and len(pair) == 2 for pair in headers
    ):
        return f"headers is {_kind(headers)}: give a tuple of pairs, such as (('Accept', 'text/html'),)"
    for pair in headers:
        for part in pair:
            if not isinstance(part, str):
                return f"header {pair[0]!r} has {_kind(part)}: give text"
            if "\r" in part or "\n" in part or not _fits_latin_1(part):
                return f"header {pair[0][:40]!r} is not one line of Latin-1: take line ends and other letters out of it"
    return ""


def _body_mistake(body: object) -> str:
    if isinstance(body, bytes):
        return ""
    if isinstance(body, str):
        return "body is text: give bytes, as by text.encode()"
    if isinstance(body, (dict, list)):
        return (
            f"body is {_kind(body)}: use json_request of scenarios.model, or form_request of scenarios.forms"
        )
    return f"body is {_kind(body)}: give bytes"


def _expect_mistake(expect: object) -> str:
    several = expect if isinstance(expect, tuple) else (expect,)
    if several and all(type(one) is int and _LOWEST_STATUS <= one <= _HIGHEST_STATUS for one in several):
        return ""
    return f"expect is {expect!r}: give a status such as 201, or a tuple of them such as (200, 409)"


def _check_mistake(check: object) -> str:
    if check is None:
        return ""
    if not callable(check):
        return f"check is {_kind(check)}: give a function of the response, such as contains(b'id')"
    if inspect.iscoroutinefunction(check) or inspect.isgeneratorfunction(check):
        return "check is an `async def` or has a `yield`, which is always true: write a plain function"
    return ""


def _fits_latin_1(text: str) -> bool:
    return all(ord(character) < 256 for character in text)


def _kind(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _count(arguments: int) -> str:
    return "one argument, the user's random numbers" if arguments == 1 else "two, the second from on_start"
