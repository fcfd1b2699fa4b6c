"""`bench record`: a scenario from recorded traffic, or from a schema."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bench.cli._options import option
from bench.cli._terminal import note, print_file, say, short_path, write_file
from bench.errors import UsageError
from bench.starter.files import render_operations
from bench.starter.recording.exchanges import Traffic, find
from bench.starter.recording.journey import Journey, make_journey
from bench.starter.recording.journey_file import render_journey
from bench.starter.recording.selection import Selection, select
from bench.starter.recording.sources import Described, read_source
from bench.system.ports import is_loopback

_SOURCE = "A HAR file, a file of curl lines, or an OpenAPI schema (file, or URL of this machine); - is standard input."
_SHOWN = 8
_HERE = "http://127.0.0.1:8000"
"""Stands for the address of a service whose own is not known, or not of this machine."""
_FROM_RECORDING = """\
Written by `bench record` from {kind}. The file is yours now: put in values that your users send, and vary those that a
service accepts only once, such as the name of a new user."""
_FROM_SCHEMA = """\
Written by `bench record`, which drew each request from a schema and sent none. The file is yours now: put in values
that your users send."""


def record(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=_SOURCE)] = "-",
    out: Annotated[Path | None, option("Where it is written, not shown; a new file.", "FILE")] = None,
    name: Annotated[str, option("The scenario's name [that of the source].")] = "",
    host: Annotated[str, option("Whose requests to take [the one with most of them].", "HOST[:PORT]")] = "",
    static: Annotated[
        bool, typer.Option("--static", help="Keep style sheets, scripts, images, fonts.")
    ] = False,
    pauses: Annotated[
        bool, typer.Option("--pauses", help="Pause as the user did; otherwise pauses are comments.")
    ] = False,
) -> None:
    """Turn a HAR file, curl lines or an OpenAPI schema into a file of scenarios.

    A HAR file ("Save all as HAR" in the network tab of a browser) and curl lines ("Copy as cURL (bash)") become one
    journey. Ids and tokens that an answer gave are taken from that answer again. Secrets are not written: variables of
    the environment stand for them. A schema becomes a scenario for each of its operations. Nothing is sent.

    \b
    bench record shop.har --out bench_scenarios.py
    bench record --name login --out login.py < curl_lines.txt
    bench record http://127.0.0.1:8000/openapi.json > bench_scenarios.py
    """
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already, and nothing is overwritten; give another --out")
    if source == "-" and sys.stdin.isatty():
        note("reading from the terminal; end with Ctrl-D")
    found = read_source(source)
    if isinstance(found, Described):
        if name or host or static or pauses:
            raise UsageError("--name, --host, --static and --pauses are for recordings, not for a schema")
        _write(_from_schema(found), out)
    else:
        selection = select(found, host, static)
        journey = make_journey(_name(name, source), selection.exchanges)
        _write(_from_recording(found, selection, journey, pauses), out)


@dataclass(frozen=True, slots=True)
class _Made:
    """The text of a file, the name of its first scenario, and an address to load."""

    text: str
    first: str
    origin: str = _HERE


def _from_schema(found: Described) -> _Made:
    """The file of a schema. Raises UsageError when it would hold no scenario."""
    names = _describe_schema(found)
    return _Made(render_operations(found.title, _FROM_SCHEMA, found.operations), names[0])


def _from_recording(recording: Traffic, selection: Selection, journey: Journey, has_pauses: bool) -> _Made:
    _describe(recording, selection, journey)
    about = f"{_count(len(journey.steps), 'request')} of {selection.origin}, in their order."
    text = render_journey(journey, _FROM_RECORDING.format(kind=recording.kind), about, has_pauses)
    return _Made(text, journey.name, selection.origin if _is_here(selection.origin) else _HERE)


def _write(made: _Made, out: Path | None) -> None:
    """Write or show a file, and say what to type next."""
    if out is None:
        print_file(made.text)
    else:
        write_file(out, made.text)
        say(short_path(out))
    where = "FILE" if out is None else short_path(out)
    note(f"next: `bench run --url {made.origin} --scenarios {where} --scenario {made.first} --minutes 1`")


def _is_here(origin: str) -> bool:
    return is_loopback(urlsplit(origin).hostname or "")


def _name(given: str, source: str) -> str:
    """The scenario's name: as given, else after the source. Raises UsageError for one that cannot be a key."""
    if given and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", given):
        raise UsageError(f"--name {given}: write lower-case letters, figures and hyphens, such as buy-a-book")
    return given or "-".join(re.findall(r"[a-z0-9]+", Path(source).stem.lower())) or "recorded"


def _describe_schema(found: Described) -> list[str]:
    """Say which operations become comments, and give the names of the others."""
    callable_ones = [each.name for each in found.operations if each.is_callable]
    stubs = [f"{each.method} {each.path}: {each.reason}" for each in found.operations if not each.is_callable]
    note(
        f"{found.title}: {_count(len(callable_ones), 'scenario')}, {_count(len(stubs), 'commented stub')}; "
        "their answers are not known, only what the schema promises"
    )
    _list("stub", stubs)
    if not callable_ones:
        raise UsageError("no operation of the schema can be called from the schema alone")
    return callable_ones


def _describe(recording: Traffic, selection: Selection, journey: Journey) -> None:
    """Say what was taken, what was left out with the reasons, and what the user has to give."""
    read = len(recording.exchanges) + sum(each.what.startswith("entry") for each in recording.left_out)
    note(f"{journey.name}: {len(journey.steps)} of {_count(read, 'request')}, from {selection.origin}")
    _list("left out", [f"{each.what}: {each.reason}" for each in selection.left_out])
    if journey.dropped_headers:
        note(f"left out: headers of the browser: {', '.join(journey.dropped_headers)}")
    _list("note", [*recording.remarks, *journey.remarks, *_doubts(recording, selection)])
    for step in journey.steps:
        for taken in step.taken:
            note(f"taken from an answer: {taken.name}, from {step.label}")
    for secret in journey.secrets:
        note(f"set in the environment: {secret.variable}, {secret.about}")


def _doubts(recording: Traffic, selection: Selection) -> list[str]:
    """The doubts that a recording leaves: facts that it lacks, or has otherwise than the scenario will."""
    doubts = []
    answers = [each.answer for each in selection.exchanges if each.answer]
    if len(answers) < len(selection.exchanges):
        doubts.append(
            f"{recording.kind} hold no answers: each request expects 200; set `expect` where it is another"
        )
    if codings := {found for each in answers if (found := find(each.headers, "content-encoding"))}:
        doubts.append(
            f"answers were compressed ({', '.join(sorted(codings))}), but the scenario asks for plain ones; "
            'add ("Accept-Encoding", "gzip") to the headers where that is part of the load'
        )
    failed = sorted({each.status for each in answers if each.status >= 400})
    if failed:
        doubts.append(f"some answers were errors ({', '.join(map(str, failed))}), which are now expected")
    return doubts


def _list(title: str, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        note(f"{title}: {line}")
    if len(lines) > _SHOWN:
        note(f"{title}: and {len(lines) - _SHOWN} more")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
