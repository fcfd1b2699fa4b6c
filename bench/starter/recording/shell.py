"""Command lines as bash reads them: words with their quotes resolved, cut into commands. Nothing is run or expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bench.errors import UsageError

_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+|(?<![^\s;&|])#[^\n]*")
_END = re.compile(r"\n|;|&&|\|\||\||&(?!>)")
_REDIRECTION = re.compile(r"(?:\d*|&)(?:[<>]&(?:\d|-)?|>>|<<<|>|<)")
_PLAIN = re.compile(r"[^\s\\'\"$;&|<>`]+")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}]*\}|\()|`")
_ANSI = re.compile(
    r"\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)|[^\\]+", re.DOTALL
)
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellCommand:
    """A command: its words, the line it begins on, and the variables and substitutions that bash would expand."""

    words: tuple[str, ...]
    line: int
    expansions: tuple[str, ...] = ()


def commands(text: str) -> Iterator[ShellCommand]:
    """The commands of a script, without what they are piped into. Raises UsageError for a quote that is not closed."""
    reader = _Reader(text)
    while not reader.is_done:
        found, ended_by = reader.command()
        if found.words:
            yield found
        while ended_by == "|":
            _, ended_by = reader.command()


class _Reader:
    """Goes through a text from its begin to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._expansions: list[str] = []

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._text)

    def command(self) -> tuple[ShellCommand, str]:
        """The next command, which may be empty, and what ends it."""
        words: list[str] = []
        self._expansions = []
        self._take(_BLANK)
        begin = self._at
        ended_by = ""
        while not self.is_done:
            if self._take(_BLANK):
                continue
            if ended_by := self._take(_END):
                break
            if redirection := self._take(_REDIRECTION):
                self._take(_BLANK)
                if redirection[-1] in "<>&" and not self.is_done:
                    self._word()  # the file that it leads to or from
                continue
            words.append(self._word())
        line = self._text.count("\n", 0, begin) + 1
        return ShellCommand(words=tuple(words), line=line, expansions=tuple(self._expansions)), ended_by

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _word(self) -> str:
        begin, word = self._at, ""
        while (
            not self.is_done
            and not _BLANK.match(self._text, self._at)
            and not _END.match(self._text, self._at)
        ):
            if self._at > begin and self._text[self._at] in "<>":
                break
            word += self._piece()
        return word

    def _piece(self) -> str:
        """The text that one quote, one escape or some plain characters stand for."""
        if plain := self._take(_PLAIN):
            return plain
        here = self._text[self._at : self._at + 2]
        if here == "$'":
            return self._ansi()
        if here[0] == "'":
            return self._single()
        if here[0] == '"' or here == '$"':
            return self._double()
        if here[0] == "\\":
            self._at += 2
            return "" if here[1:] == "\n" else here[1:]
        if expansion := self._take(_VARIABLE):
            self._expansions.append(expansion)
            return expansion
        self._at += 1
        return here[0]

    def _closing(self, begin: int, pattern: str) -> int:
        found = re.compile(pattern, re.DOTALL).match(self._text, begin)
        if found is None:
            line = self._text.count("\n", 0, begin) + 1
            raise UsageError(f"line {line}: a quote is not closed; copy the whole command")
        return found.end()

    def _single(self) -> str:
        begin = self._at + 1
        self._at = self._closing(begin, "[^']*'")
        return self._text[begin : self._at - 1]

    def _double(self) -> str:
        begin = self._text.index('"', self._at) + 1
        self._at = self._closing(begin, r'(?:[^"\\]|\\.)*"')
        inside = self._text[begin : self._at - 1]
        plain = re.sub(r"\\.", "", inside, flags=re.DOTALL)
        self._expansions += _VARIABLE.findall(plain)
        return re.sub(r'\\(\n|[$`"\\])', lambda found: "" if found[1] == "\n" else found[1], inside)

    def _ansi(self) -> str:
        begin = self._at + 2
        self._at = self._closing(begin, r"(?:[^'\\]|\\.)*'")
        return _unescape(self._text[begin : self._at - 1])


def _unescape(text: str) -> str:
    """The text of a `$'...'`: numbers below 256 are bytes, which together may be UTF-8."""
    made = b""
    for found in _ANSI.finditer(text):
        made += _escape(found[0])
    return made.decode("utf-8", errors="surrogateescape")


def _escape(piece: str) -> bytes:
    if not piece.startswith("\\"):
        return piece.encode("utf-8", errors="surrogatepass")
    kind, digits = piece[1], piece[2:]
    if kind == "x" and digits:
        return bytes([int(digits, 16)])
    if kind in "uU" and digits:
        code = int(digits, 16)
        return chr(code).encode("utf-8", errors="surrogatepass") if code <= 0x10FFFF else b"?"
    if kind in "01234567":
        return bytes([int(piece[1:], 8) & 0xFF])
    if kind == "c" and digits:
        return bytes([ord(digits) & 0x1F])
    return _ESCAPES.get(kind, kind if kind in "'\"\\?" else piece).encode()
