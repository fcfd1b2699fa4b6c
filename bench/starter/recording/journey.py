"""A journey: the requests of a recording one after the other, with what each answer gives to the next ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.starter.expressions import Call, Code, join, render
from bench.starter.recording.answers import AnswerValues, Spot, Taken
from bench.starter.recording.concealment import (
    SCHEME,
    ConcealedValue,
    Concealment,
    gives_access,
    is_opaque_header,
    is_secret,
    split_named,
)
from bench.starter.recording.exchanges import Exchange
from bench.starter.recording.headers import cookies, set_by, that_matter
from bench.starter.recording.requests import write_request
from bench.starter.recording.words import is_opaque, unused
from bench.starter.scenario_file import RESERVED

_SHORTEST_PAUSE_S = 0.1
_LONGEST_NAME = 40
_MOST_SEARCHED = 4_000
_PIECES = re.compile(r"([^\w.~-]+)")
_DRAWN_ANEW = frozenset({"idempotency-key", "x-idempotency-key"})
"""Headers that must be new each time: a service answers a known one from what it remembers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyStep:
    """A request of a journey: its expression, the constant that holds it if it never varies, and what it gives."""

    call: Call
    label: str
    constant: str = ""
    pause_s: float = 0.0
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The steps of a recording, the secrets that they need, and what was left out of their headers."""

    name: str
    steps: tuple[JourneyStep, ...]
    secrets: tuple[ConcealedValue, ...] = ()
    dropped_headers: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether it is one request that is always the same."""
        return len(self.steps) == 1 and bool(self.steps[0].constant)


def make_journey(name: str, exchanges: Sequence[Exchange]) -> Journey:
    """The journey of some exchanges of one origin, in their order.

    They are read twice: a secret that shows itself late is known the second time wherever it occurs.
    """
    concealment = Concealment(prefix=re.sub(r"\W+", "_", name).upper())
    _Writer(concealment).write(exchanges)
    writer = _Writer(concealment)
    steps = list(writer.write(exchanges))
    constants = _constants(steps, {each.constant for each in concealment.secrets.values()})
    answers = writer.answers
    return Journey(
        name=name,
        steps=tuple(
            JourneyStep(
                call=step.call,
                label=step.label,
                constant=constants.get(number, ""),
                pause_s=step.pause_s,
                taken=tuple(answers.of_step(number)),
            )
            for number, step in enumerate(steps)
        ),
        secrets=tuple(concealment.secrets.values()),
        dropped_headers=tuple(writer.dropped),
        remarks=tuple(writer.remarks),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A step before it is known what later ones take from it."""

    call: Call
    label: str
    pause_s: float
    varies: bool


@dataclass(slots=True)
class _Writer:
    """Writes one request after the other, and resolves their values."""

    concealment: Concealment
    answers: AnswerValues = field(default_factory=lambda: AnswerValues(RESERVED))
    dropped: dict[str, None] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    _sent: list[tuple[str, Spot]] = field(default_factory=list)
    _where: str = ""
    _varies: bool = False

    def write(self, exchanges: Sequence[Exchange]) -> list[_Written]:
        written: list[_Written] = []
        jar: frozenset[str] = frozenset()
        ended_s: float | None = None
        for number, exchange in enumerate(exchanges):
            self._where, self._varies, self._sent = exchange.where, False, []
            made = write_request(exchange, self._headers(exchange, jar), self)
            pause_s = _pause_s(exchange, ended_s)
            written.append(_Written(call=made.call, label=made.label, pause_s=pause_s, varies=self._varies))
            for value, spot in self._sent:
                self.answers.sent(value, spot)
            self.answers.learn(number, exchange)
            jar |= set_by(exchange)
            ended_s = _latest(ended_s, exchange)
        return written

    def text(self, value: str, spot: Spot) -> list[str | Code]:
        """A text, or what stands in its place: a value of an answer, a secret, or both inside of other text."""
        if not value:
            return [value]
        if taken := self._take(value, spot):
            return [taken]
        scheme = SCHEME.fullmatch(value)
        if scheme and (taken := self._take(scheme[2], spot)):
            return [scheme[1], taken]
        self._sent.append((value, spot))
        pieces = _PIECES.split(value) if len(value) <= _MOST_SEARCHED else [value]
        found = [self._take(piece, spot) if is_opaque(piece) else None for piece in pieces]
        if any(found):
            return self._mix(value, spot)
        return self._conceal(value, spot)

    def _mix(self, value: str, spot: Spot) -> list[str | Code]:
        """A text that holds a value of an answer, without the secrets that it may hold besides."""
        mixed: list[str | Code] = []
        for name, part in split_named(value):
            for piece in [part] if name else _PIECES.split(part):
                taken = self._take(piece, spot) if name or is_opaque(piece) else None
                named = Spot(kind="body", names=(*spot.names, name)) if name else None
                rest = self._conceal(piece, named) if named else self.concealment.conceal_known(piece)
                mixed += [taken] if taken else rest
        return mixed

    def number(self, value: int, spot: Spot) -> int | Code:
        """A whole number, or the variable of an answer that holds it."""
        taken = self._take(str(value), spot)
        if taken is None:
            self._sent.append((str(value), spot))
            if is_secret(str(value), spot.names):  # equal numbers elsewhere are others
                taken = next(
                    (code for code in self._conceal(str(value), spot) if isinstance(code, Code)), None
                )
        if taken is None:
            return value
        return Code(f"int({taken.text})", is_text=False) if taken.is_text else taken

    def free_text(self, value: str) -> str:
        """A text that is written as it is, with what looks like a secret as `***`."""
        masked = self.concealment.mask(value)
        if masked != value:
            self.remarks[f"{self._where}: *** stands in its body for what looks like a secret"] = None
        return masked

    def _take(self, value: str, spot: Spot) -> Code | None:
        taken = self.answers.take(value, spot)
        self._varies |= taken is not None
        return taken

    def _conceal(self, value: str, spot: Spot) -> list[str | Code]:
        names = () if spot.kind == "path" else spot.names
        own = spot.own.removeprefix("cookie_") if spot.kind == "cookie" else spot.own
        about = (
            f"{own} in the {spot.kind} of {self._where}" if names else f"part of the path of {self._where}"
        )
        is_surely = (
            spot.kind == "cookie"
            or (spot.kind == "header" and is_opaque_header(value))
            or (spot.kind == "path" and gives_access(spot.names, value))
        )
        return self.concealment.conceal(value, names, about, is_surely)

    def _headers(self, exchange: Exchange, jar: frozenset[str]) -> list[tuple[str, str | Code]]:
        """The headers that are written; of cookies those that no earlier answer set."""
        kept, dropped = that_matter(exchange)
        self.dropped |= dict.fromkeys(dropped)
        headers: list[tuple[str, str | Code]] = []
        for name, value in kept:
            if name.lower() in _DRAWN_ANEW:
                self._varies = True
                headers.append((name, Code("str(uuid4())")))
            else:
                headers.append((name, join(self.text(value, Spot(kind="header", names=(name,))))))
        pieces: list[str | Code] = []
        for name, value in cookies(exchange):
            if name not in jar:
                found = self._conceal(value, Spot(kind="cookie", names=("cookie", f"cookie_{name}")))
                pieces += ["; " if pieces else "", f"{name}=", *found]
        return [*headers, ("Cookie", join(pieces))] if pieces else headers


def _pause_s(exchange: Exchange, ended_s: float | None) -> float:
    """The time from the end of what went before to a request."""
    if exchange.began_s is None or ended_s is None:
        return 0.0
    pause_s = round(exchange.began_s - ended_s, 1)
    return pause_s if pause_s >= _SHORTEST_PAUSE_S else 0.0


def _latest(ended_s: float | None, exchange: Exchange) -> float | None:
    if exchange.began_s is None:
        return ended_s
    return max(ended_s or 0.0, exchange.began_s + exchange.took_s)


def _constants(steps: Sequence[_Written], taken: Iterable[str]) -> dict[int, str]:
    """A name for each step that is always the same, by its number; equal steps share one."""
    by_text: dict[str, str] = {}
    names = {*taken, *RESERVED}
    found: dict[int, str] = {}
    for number, step in enumerate(steps):
        if step.varies:
            continue
        text = render(step.call)
        if text not in by_text:
            word = "_".join(re.findall(r"[A-Z0-9]+", step.label.upper())) if "/" in step.label else "REQUEST"
            word = word[:_LONGEST_NAME].strip("_") if "_" in word else f"{word}_ROOT"
            by_text[text] = unused(word, names)
            names.add(by_text[text])
        found[number] = by_text[text]
    return found
