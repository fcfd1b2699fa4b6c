"""The text of a file with one scenario: a recorded journey, or a request that is always the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.starter.expressions import Call, Code, quoted, render
from bench.starter.recording.answers import Taken
from bench.starter.recording.journey import Journey, JourneyStep
from bench.starter.scenario_file import RESERVED, ScenarioFile, write
from bench.starter.templating import STEP, one_line

_SECRET = '''\
def _secret(variable: str) -> str:
    """A secret from the environment, as none is written into this file."""
    if variable not in os.environ:
        raise LookupError(f"set the environment variable {variable}")
    return os.environ[variable]'''


def render_journey(journey: Journey, origin: str, about: str, has_pauses: bool = False) -> str:
    """The text of a file with the scenario of a journey; recorded pauses are comments, unless it has them.

    `origin` is a paragraph that says in the file where it comes from, `about` the line of the scenario.
    """
    flow = [] if journey.is_single else [_flow(journey, about, has_pauses)]
    constants = [*_secrets(journey), *_requests(journey)]
    text = "\n".join([*constants, *flow])
    scenario = _scenario(journey, about)
    made = ScenarioFile(
        name=journey.name,
        origin=origin,
        scenarios={journey.name: scenario},
        helpers=[_SECRET] if "_secret(" in text else [],
        constants=constants,
        flows=flow,
        is_journey=True,
    )
    return write(made)


def _scenario(journey: Journey, about: str) -> Call:
    if journey.is_single:
        return Call("_single", [journey.name, Code(journey.steps[0].constant), about])
    flow = Code(_function_name(journey))
    return Call("Scenario", [journey.name, flow], {"about": about, "group": journey.name})


def _function_name(journey: Journey) -> str:
    plain = re.sub(r"\W+", "_", journey.name.lower()).strip("_") or "journey"
    plain = f"journey_{plain}" if plain[0].isdigit() else plain
    return f"{plain}_" if plain in RESERVED else plain


def _secrets(journey: Journey) -> list[str]:
    """The constants that hold secrets, in one block with a comment."""
    if not journey.secrets:
        return []
    lines = ["# Secrets are not written down: set these variables of the environment where the load runs."]
    for secret in journey.secrets:
        lines.append(f"{secret.constant} = _secret({quoted(secret.variable)})  # {one_line(secret.about)}")
    return ["\n".join(lines)]


def _requests(journey: Journey) -> list[str]:
    """The constants of the requests that never vary, in one block."""
    steps = {step.constant: step for step in journey.steps if step.constant}
    lines = [f"{name} = {render(step.call, '', len(name) + 3)}" for name, step in steps.items()]
    return ["\n".join(lines)] if lines else []


def _flow(journey: Journey, about: str, has_pauses: bool) -> str:
    """The generator of a journey."""
    lines = [f"def {_function_name(journey)}(_rng: Random) -> Flow:", f'{STEP}"""{about}"""']
    for step in journey.steps:
        lines += _pause(step, has_pauses)
        before = f"{'answer = ' if step.taken else ''}yield "
        lines.append(f"{STEP}{before}{step.constant or render(step.call, STEP, len(before))}")
        lines += _taken(step.taken)
    return "\n".join(lines)


def _pause(step: JourneyStep, has_pauses: bool) -> list[str]:
    if not step.pause_s:
        return []
    return [f"{STEP}yield Pause({step.pause_s:g})" if has_pauses else f"{STEP}# {step.pause_s:g} s later"]


def _taken(taken: Sequence[Taken]) -> list[str]:
    """The lines that take values from an answer, which is read as JSON once."""
    in_json = [each for each in taken if _is_json(each.source.code)]
    read = "json.loads(answer.body)"
    lines = [f"{STEP}found = {read}"] if len(in_json) > 1 else []
    for each in taken:
        code = render(each.source.code, STEP, len(each.name) + 3)
        if in_json == [each]:
            code = read + code.removeprefix("found")
        lines.append(f"{STEP}{each.name} = {code}")
    return lines


def _is_json(code: Code | Call) -> bool:
    return isinstance(code, Code) and code.text.startswith("found")
