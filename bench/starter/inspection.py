"""An app as its own interpreter sees it: the first candidate that can be imported and that a server could run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any, Literal

from bench.errors import UsageError
from bench.model.secrets import mask_text, secret_values
from bench.starter.discovery import Candidate
from bench.system.logs import tail
from bench.system.processes import Processes

_LOOK = Path(__file__).parents[1] / "inside" / "_fastapi_bench_look.py"
_WITHIN_S = 120.0
_MOST_SAID = 500
_PLACEHOLDERS = {
    "{postgres}": "postgresql://127.0.0.1:1/none",
    "{redis}": "redis://127.0.0.1:1/0",
    "{port}": "1",
    "{host}": "127.0.0.1",
}
"""Stand for services and addresses that are not there while the app is only imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What an app's interpreter says of it.

    `schemas` are OpenAPI documents, each with the prefix that it is mounted at; `routes` are methods and paths.
    `packages` are the servers and frameworks that the interpreter has, with their versions.
    """

    app: str
    app_dir: str
    source: str
    interface: Literal["asgi", "wsgi"]
    framework: str
    lifespan: str
    schemas: Sequence[Mapping[str, Any]]
    routes: Sequence[Mapping[str, Any]]
    packages: Mapping[str, str]
    python: str


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a candidate is no app: `kind` is a word, `text` a sentence."""

    candidate: Candidate
    kind: str
    text: str


def inspect(
    candidates: Sequence[Candidate], interpreter: Path, folder: Path, env: Mapping[str, str]
) -> Inspection:
    """The first of the candidates that is an app; `env` is added to our environment, as it is for the server.

    Raises UsageError, with what the most promising candidate said, when none of them is one.
    """
    refusals: list[_Refusal] = []
    with Processes() as processes:
        for candidate in candidates:
            found = _inspect(candidate, interpreter, folder, env, processes)
            if isinstance(found, Inspection):
                return found
            refusals.append(found)
    raise UsageError(_explain(refusals, interpreter, folder))


def _inspect(
    candidate: Candidate, interpreter: Path, folder: Path, env: Mapping[str, str], processes: Processes
) -> Inspection | _Refusal:
    """Look at one candidate. Its output goes to a file: what the app starts at import would keep a pipe open."""
    question = {"app": candidate.app, "folder": str((folder / candidate.app_dir).absolute())}
    with processes.folder() as place:
        answer, log = place / "answer.json", place / "log"
        command = [str(interpreter), str(_LOOK), json.dumps(question), str(answer)]
        environment = _environment(env, str(place))
        try:
            with processes.running(command, log=log, env=environment, cwd=folder) as child:
                status = child.wait(_WITHIN_S)
        except subprocess.TimeoutExpired:
            return _Refusal(candidate, "raised", f"importing it took more than {_WITHIN_S:g} s")
        except OSError as error:
            raise UsageError(
                f"{interpreter}: cannot be started: {error.strerror}; give another --python"
            ) from None
        if not answer.exists():
            said = tail(log, known=secret_values(env))[-_MOST_SAID:] or "nothing was written"
            return _Refusal(candidate, "raised", f"the interpreter ended with status {status}: {said}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    if problem := found.get("error"):
        return _Refusal(candidate, problem["kind"], _mask(_sentence(problem), env))
    for schema in found["schemas"]:
        if "problem" in schema:
            schema["problem"] = _mask(schema["problem"], env)
    return Inspection(app_dir=candidate.app_dir, source=candidate.source, **found)


def _mask(text: str, env: Mapping[str, str]) -> str:
    """Words of an app, without the secrets of its environment."""
    return mask_text(text, (*secret_values(os.environ), *secret_values(env)))


def _environment(env: Mapping[str, str], place: str) -> dict[str, str]:
    """The environment of the look: ours and the service's, with a value for each placeholder."""
    values = {**_PLACEHOLDERS, "{tmp}": place}
    added = dict(env)
    for placeholder, value in values.items():
        added = {key: text.replace(placeholder, value) for key, text in added.items()}
    ours = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    return {**ours, "PYTHONDONTWRITEBYTECODE": "1", **added}


def _sentence(error: Mapping[str, Any]) -> str:
    trace = str(error.get("trace") or "")
    return str(error["message"]) + (
        f"\n{indent(trace, '    ')}" if trace and error["kind"] == "raised" else ""
    )


def _explain(refusals: Sequence[_Refusal], interpreter: Path, folder: Path) -> str:
    """Why there is no app, by the refusal that says most, and what to do."""
    if not refusals:
        return (
            f"no app was found in {folder}: neither a start script names one, nor has a module such as main.py or "
            "app.py one called app, application or create_app; give --app MODULE:ATTRIBUTE"
        )
    best = min(refusals, key=lambda each: ("raised", "no-attribute", "no-app", "absent").index(each.kind))
    where = f" of {best.candidate.source}" if best.candidate.source != "--app" else ""
    others = dict.fromkeys(each.candidate.app for each in refusals if each is not best)
    also = f"\n(also tried: {', '.join(others)})" if others else ""
    return f"{best.candidate.app}{where} cannot be used: {best.text}{also}\n{_way_out(best, interpreter)}"


def _way_out(refusal: _Refusal, interpreter: Path) -> str:
    if "ModuleNotFoundError" in refusal.text and refusal.kind == "raised":
        return f"The interpreter is {interpreter}; give the service's own with --python, if that is another."
    if refusal.kind == "raised":
        return "If the app needs settings, give them with --env NAME=VALUE or --env-file FILE."
    if refusal.kind == "absent":
        return "If the module lies in another folder, give that with --app-dir."
    return "Give the app, or a function that makes it, with --app MODULE:ATTRIBUTE."
