"""curl lines, as browsers copy them and as documentation shows them. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from bench.errors import UsageError
from bench.starter.recording.curl_options import SHORT, TAKE_VALUES, UNSUPPORTED, WITHOUT_EFFECT
from bench.starter.recording.exchanges import (
    KEPT_IN_URLS,
    METHOD,
    Exchange,
    FormPart,
    Omission,
    Traffic,
    find,
    parse_url,
)
from bench.starter.recording.shell import ShellCommand, commands

_PROMPTS = frozenset({"$", "#", ">", "%", "sudo", "time", "exec", "command"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_JSON = (("Content-Type", "application/json"), ("Accept", "application/json"))
_CMD = re.compile(r"\^\s*$|\^\"", re.MULTILINE)


@dataclass(slots=True)
class _Asked:
    """The request that the options of one curl line ask for, up to `--next`."""

    urls: list[str] = field(default_factory=list)
    method: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    parts: list[FormPart] = field(default_factory=list)
    body_path: str = ""
    is_get: bool = False
    is_head: bool = False
    is_upload: bool = False
    is_json: bool = False


def read_curl(text: str) -> Traffic:
    """The requests of curl lines, in their order; what of them is not understood is named.

    Raises UsageError for a quote that is not closed, and for lines of another shell than bash.
    """
    if _CMD.search(text) and "^" in text.partition("\n")[0]:
        raise UsageError("these are curl lines for cmd.exe; choose `Copy as cURL (bash)` in the browser")
    reader = _Reader()
    for command in commands(text):
        reader.read(command)
    return Traffic(
        kind="curl lines",
        exchanges=tuple(reader.exchanges),
        left_out=tuple(reader.left_out),
        remarks=tuple(dict.fromkeys(reader.remarks)),
    )


class _Reader:
    """Reads commands one after the other, and keeps what they ask for and what is to be said of them."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.left_out: list[Omission] = []
        self.remarks: list[str] = []
        self._where = ""
        self._asked = _Asked()

    def read(self, command: ShellCommand) -> None:
        self._where = f"line {command.line}"
        words = list(command.words)
        while words and (words[0] in _PROMPTS or _ASSIGNMENT.fullmatch(words[0])):
            words.pop(0)
        if not words or words.pop(0).rpartition("/")[2] not in ("curl", "curl.exe"):
            self.left_out.append(Omission(self._where, "it is not a curl command"))
            return
        if command.expansions:
            names = ", ".join(dict.fromkeys(command.expansions))
            self.remarks.append(f"{self._where}: {names} is taken as it stands: put the value in its place")
        for name, value in self._options(words):
            self._apply(name, value)
        self._finish()

    def _options(self, words: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The options with their values; what is not an option is a URL, as are all words after `--`."""
        waiting = list(words)
        only_urls = False
        while waiting:
            word = waiting.pop(0)
            if only_urls or not word.startswith("-") or word == "-":
                yield "url", word
            elif word == "--":
                only_urls = True
            elif word.startswith("--"):
                yield self._long(word[2:], waiting)
            else:
                yield from self._short(word[1:], waiting)

    def _long(self, name: str, waiting: list[str]) -> tuple[str, str]:
        return name, self._value(f"--{name}", waiting) if name in TAKE_VALUES else ""

    def _short(self, letters: str, waiting: list[str]) -> Iterator[tuple[str, str]]:
        """Options of one letter, of which the last may have its value in the same word."""
        while letters:
            letter, letters = letters[0], letters[1:]
            name = SHORT.get(letter, f"-{letter}")
            if name in TAKE_VALUES:
                yield name, letters or self._value(f"-{letter}", waiting)
                return
            yield name, ""

    def _value(self, option: str, waiting: list[str]) -> str:
        if not waiting:
            self.remarks.append(f"{self._where}: {option} has no value and is left out")
            return ""
        return waiting.pop(0)

    def _apply(self, name: str, value: str) -> None:
        """Take account of an option."""
        if name == "next":
            self._finish()
        elif name in _ACTIONS:
            _ACTIONS[name](self._asked, value)
        elif name in _WITH_FILES:
            self._data(name, value)
        elif name in UNSUPPORTED:
            self.remarks.append(f"{self._where}: --{name} is left out: {UNSUPPORTED[name]}")
        elif name not in WITHOUT_EFFECT:
            shown = name if name.startswith("-") else f"--{name}"
            self.remarks.append(f"{self._where}: the option {shown} is not known and is left out")

    def _data(self, name: str, value: str) -> None:
        """A body, a cookie or headers, where `@` leads to a file."""
        asked = self._asked
        if name == "header":
            if value.startswith("@"):
                self.remarks.append(f"{self._where}: headers from the file {value[1:]} are left out")
            elif pair := _header(value):
                asked.headers.append(pair)
        elif name == "cookie":
            if "=" in value:
                asked.headers.append(("Cookie", value))
            else:
                self.remarks.append(f"{self._where}: cookies from the file {value} are left out")
        elif value == "@-" or (name == "upload-file" and value in ("-", ".")):
            self.remarks.append(f"{self._where}: --{name} {value} is left out: it would read the terminal")
        elif name == "upload-file":
            asked.body_path, asked.is_upload = value, True
        elif name == "data-urlencode":
            asked.data.append(self._encoded(value))
        else:
            asked.is_json |= name == "json"
            if not value.startswith("@"):
                asked.data.append(value)
            elif asked.data or asked.body_path:
                self.remarks.append(
                    f"{self._where}: the file {value[1:]} is left out: a body is one file or text"
                )
            else:
                asked.body_path = value[1:]

    def _encoded(self, value: str) -> str:
        """Data of `--data-urlencode`: `text`, `=text` or `name=text`."""
        name, mark, text = value.partition("=")
        if not mark and "@" in value:
            self.remarks.append(f"{self._where}: --data-urlencode {value} is left out: it names a file")
            return ""
        text = quote_plus(text if mark else value, safe="")
        return f"{name}={text}" if name and mark else text

    def _finish(self) -> None:
        """Make the requests that were asked for, one a URL."""
        asked, self._asked = self._asked, _Asked()
        if not asked.urls:
            self.left_out.append(Omission(self._where, "it has no URL"))
        for address in asked.urls:
            try:
                self.exchanges.append(_exchange(asked, address, self._where))
            except UsageError as error:
                self.left_out.append(Omission(self._where, str(error)))


def _exchange(asked: _Asked, address: str, where: str) -> Exchange:
    """The request to one URL. Raises UsageError for a URL or a method that is not one of HTTP."""
    if asked.method and not METHOD.fullmatch(asked.method):
        raise UsageError("its method is not one of HTTP")
    url = parse_url(address if "://" in address else f"http://{address}")
    data = "&".join(each for each in asked.data if each)
    query = [*([url.query] if url.query else []), *asked.query, *([data] if asked.is_get and data else [])]
    headers = list(asked.headers)
    if url.username is not None and not find(headers, "authorization"):
        headers.append(_basic(f"{url.username}:{url.password or ''}"))
    netloc = url.netloc.rpartition("@")[2]
    query = [quote(each, safe=KEPT_IN_URLS, errors="surrogateescape") for each in query]
    url = url._replace(netloc=netloc, query="&".join(query))
    body = b"" if asked.is_get else data.encode("utf-8", errors="surrogateescape")
    sends = bool(body or asked.data or (asked.body_path and not asked.is_upload)) and not asked.is_get
    if sends and not asked.parts:
        headers += [
            pair for pair in (_JSON if asked.is_json else (_FORM,)) if not find(headers, pair[0].lower())
        ]
    return Exchange(
        where=where,
        method=asked.method or _usual_method(asked, sends),
        url=url,
        headers=tuple(headers),
        body=body,
        parts=tuple(asked.parts),
        body_path=asked.body_path,
    )


def _usual_method(asked: _Asked, sends: bool) -> str:
    if asked.is_head:
        return "HEAD"
    if asked.is_upload:
        return "PUT"
    return "POST" if sends or asked.parts else "GET"


# --- options -------------------------------------------------------------------------------------


def _header(value: str) -> tuple[str, str] | None:
    """A header; `Name;` is one without a value, and `Name:` takes one away that curl would send of itself."""
    name, mark, text = value.partition(":")
    if mark:
        return (name.strip(), text.strip()) if text.strip() else None
    return (value.rstrip(";").strip(), "") if value.endswith(";") else None


def _basic(user: str) -> tuple[str, str]:
    return "Authorization", f"Basic {base64.b64encode(user.encode('utf-8', 'surrogateescape')).decode()}"


def _part(value: str, is_plain: bool = False) -> FormPart:
    """A part of `-F`: `name=text`, `name=@file` or `name=<file`, then `;type=` and `;filename=`."""
    name, _, text = value.partition("=")
    if is_plain or text[:1] not in ("@", "<"):
        text, kind, _ = (text, "", "") if is_plain else _split_part(text)
        return FormPart(name=name, content=text.encode("utf-8", "surrogateescape"), content_type=kind)
    path, kind, file_name = _split_part(text[1:])
    if text[0] == "@":
        file_name = file_name or path.rpartition("/")[2]
    return FormPart(name=name, path=path, file_name=file_name, content_type=kind)


def _split_part(text: str) -> tuple[str, str, str]:
    """The value of a part, its content type and its file name."""
    pieces = re.split(r";\s*(?=type=|filename=|headers=|encoder=)", text)
    words = dict(piece.partition("=")[::2] for piece in pieces[1:])
    return _unquoted(pieces[0]), words.get("type", ""), _unquoted(words.get("filename", ""))


def _unquoted(text: str) -> str:
    """A value of a part without the quotes around it."""
    found = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else text


def _set(name: str) -> Callable[[_Asked, str], None]:
    return lambda asked, value: setattr(asked, name, value or True)


def _add_header(name: str, before: str = "") -> Callable[[_Asked, str], None]:
    return lambda asked, value: asked.headers.append((name, before + value))


_WITH_FILES = frozenset(
    {"header", "cookie", "data", "data-ascii", "data-binary", "data-urlencode", "json", "upload-file"}
)
_ACTIONS: dict[str, Callable[[_Asked, str], None]] = {
    "url": lambda asked, value: asked.urls.append(value),
    "request": lambda asked, value: setattr(asked, "method", value.upper()),
    "data-raw": lambda asked, value: asked.data.append(value),
    "url-query": lambda asked, value: asked.query.append(value.removeprefix("+")),
    "form": lambda asked, value: asked.parts.append(_part(value)),
    "form-string": lambda asked, value: asked.parts.append(_part(value, is_plain=True)),
    "user": lambda asked, value: asked.headers.append(_basic(value)),
    "oauth2-bearer": _add_header("Authorization", "Bearer "),
    "user-agent": _add_header("User-Agent"),
    "referer": _add_header("Referer"),
    "range": _add_header("Range", "bytes="),
    "get": _set("is_get"),
    "head": _set("is_head"),
}
"""The effect of each option on the request, where it leads to no file."""
