"""Values that an earlier answer gave and a later request sends: ids, tokens, hidden fields, cookies. Pure.

A short number is taken for such a value only where names agree, as in `{"id": 7}` of `/orders` and `/orders/7`. What
the user sent before an answer showed it is the user's own.
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urlsplit

from bench.starter.expressions import Call, Code, quoted, render
from bench.starter.recording.exchanges import Exchange, all_of, find
from bench.starter.recording.words import entity, is_id_name, is_opaque, snake, unused, words_of

_MOST_LEAVES = 20_000
_MOST_SOURCES = 64
"""Sources of one value that are looked at, the latest ones: a small number stands in every list."""
_LONGEST = 4_096
_COOKIE = re.compile(r"\s*([^=;\s]+)=([^;]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a value stands in a request: its kind, and the names above it and its own; of a path what is before it."""

    kind: Literal["path", "query", "header", "cookie", "body"]
    names: tuple[str, ...] = ()

    @property
    def own(self) -> str:
        """Its own name, or for a path the part before it."""
        return self.names[-1] if self.names else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A value of an answer: which step gave it, under which names, and the code that takes it from there.

    The code begins with `found`, the answer's JSON, or with another expression of `answer`.
    """

    step: int
    key: str
    words: frozenset[str]
    code: Code | Call
    is_text: bool = True
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A variable of the flow, set by the code of a source."""

    name: str
    source: Source


@dataclass(slots=True)
class AnswerValues:
    """The values of all answers so far, those that were taken from them, and those that were sent before."""

    reserved: frozenset[str] = frozenset()
    taken: list[Taken] = field(default_factory=list)
    _sources: defaultdict[str, deque[Source]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_MOST_SOURCES))
    )
    _sent: set[str] = field(default_factory=set)

    def sent(self, value: str, spot: Spot) -> None:
        """Note a value that a request held before any answer did; a short number counts in a path or as an id only."""
        if not value.isdigit() or len(value) > 4 or spot.kind == "path" or is_id_name(spot.own):
            self._sent.add(value)

    def learn(self, step: int, exchange: Exchange) -> None:
        """Add the values of the answer to a request."""
        for number, (value, source) in enumerate(_sources(step, exchange)):
            if number >= _MOST_LEAVES:
                return
            if value not in self._sent:
                self._sources[value].append(source)

    def take(self, value: str, spot: Spot) -> Code | None:
        """The variable that holds a value, if an earlier answer gave it."""
        found = [
            (rank, source) for source in self._sources.get(value, ()) if (rank := _rank(value, spot, source))
        ]
        if not found:
            return None
        source = max(
            found, key=lambda pair: (pair[0], pair[1].is_made, pair[1].step, -len(render(pair[1].code)))
        )[1]
        for taken in self.taken:
            if taken.source == source:
                return Code(taken.name, source.is_text)
        name = self._name(source)
        self.taken.append(Taken(name, source))
        return Code(name, source.is_text)

    def of_step(self, step: int) -> list[Taken]:
        """The variables that the answer to a step sets."""
        return [each for each in self.taken if each.source.step == step]

    def _name(self, source: Source) -> str:
        """A name that is not used yet, such as `order_id`."""
        key = snake(source.key) or "value"
        is_bare = is_id_name(key) and "_" not in key and source.words
        plain = snake(f"{min(source.words)}_{key}") if is_bare else key
        return unused(plain, self.reserved | {each.name for each in self.taken})


def _rank(value: str, spot: Spot, source: Source) -> int:
    """How likely a value of a request comes from a source: 0 where it does not."""
    same = snake(spot.own) == snake(source.key) and spot.kind != "path"
    related = bool(words_of(spot.own) & (source.words | words_of(source.key)))
    if is_opaque(value):
        return 1 + same + related
    if not is_id_name(source.key):
        return 0
    return (1 + same) if related or same else 0


# --- sources -------------------------------------------------------------------------------------


def _sources(step: int, exchange: Exchange) -> Iterator[tuple[str, Source]]:
    answer = exchange.answer
    if answer is None:
        return
    about = frozenset(entity(exchange.url.path))
    is_made = exchange.method == "POST"
    kind = answer.content_type
    if kind == "application/json" or kind.endswith("+json"):
        yield from _in_json(step, answer.body, about, is_made)
    elif kind == "text/html":
        yield from _in_html(step, answer.body.decode("utf-8", errors="replace"))
    if location := find(answer.headers, "location"):
        path = urlsplit(location).path.rstrip("/")
        code = '(answer.header("Location") or "").rstrip("/").rpartition("/")[2]'
        words = frozenset(entity(path)) | about
        if not urlsplit(location).query:
            yield (
                path.rpartition("/")[2],
                Source(step=step, key="id", words=words, code=Code(code), is_made=is_made),
            )
    for line in all_of(answer.headers, "set-cookie"):
        if found := _COOKIE.match(line):
            yield found[2], _cookie(step, found[1])


def _in_json(step: int, body: bytes, about: frozenset[str], is_made: bool) -> Iterator[tuple[str, Source]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    waiting = deque([(document, "found", "", about)])
    while waiting:
        value, code, key, words = waiting.popleft()
        if isinstance(value, dict):
            above = words | words_of(key)
            waiting += [(part, f"{code}[{_quoted(name)}]", name, above) for name, part in value.items()]
        elif isinstance(value, list):
            waiting += [(part, f"{code}[{number}]", key, words) for number, part in enumerate(value)]
        elif isinstance(value, str | int) and not isinstance(value, bool) and _is_candidate(str(value), key):
            made = Source(
                step=step,
                key=key,
                words=words,
                code=Code(code),
                is_text=isinstance(value, str),
                is_made=is_made,
            )
            yield str(value), made


def _is_candidate(value: str, key: str) -> bool:
    """Whether a request could take this value from an answer."""
    return 0 < len(value) <= _LONGEST and (is_id_name(key) or is_opaque(value))


@cache
def _quoted(name: str) -> str:
    return quoted(name)


class _Fields(HTMLParser):
    """The hidden fields of a page's forms, and the contents of its meta elements, each with its tag."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        holder = {"input": "value", "meta": "content"}.get(tag)
        is_visible = tag == "input" and attributes.get("type", "").lower() != "hidden"
        if holder and not is_visible and attributes.get("name") and attributes.get(holder):
            self.found.append(
                (attributes["name"], attributes[holder], holder, self.get_starttag_text() or "")
            )


def _in_html(step: int, page: str) -> Iterator[tuple[str, Source]]:
    fields = _Fields()
    fields.feed(page)
    for name, value, holder, tag in fields.found:
        for quote in ('"', "'"):
            parts = (f"name={quote}{re.escape(name)}{quote}", f"{holder}={quote}([^{quote}]*){quote}")
            for pattern in ("[^>]*".join(parts), "[^>]*".join(reversed(parts))):
                found = re.search(pattern, page)
                if found and re.search(pattern, tag) and html.unescape(found[1]) == value == found[1]:
                    yield value, _by_pattern(step, name, pattern, "body")
                    break


def _cookie(step: int, name: str) -> Source:
    return _by_pattern(step, name, rf"(?im)^set-cookie:\s*{re.escape(name)}=([^;\r\n]*)", "head")


def _by_pattern(step: int, name: str, pattern: str, where: str) -> Source:
    decoding = '"latin-1"' if where == "head" else 'errors="replace"'
    code = Call("re.findall", [pattern, Code(f"answer.{where}.decode({decoding})")], after="[0]")
    return Source(step=step, key=name, words=frozenset(), code=code)
