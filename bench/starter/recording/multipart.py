"""Bodies of multipart forms, cut into their parts. Pure."""

from __future__ import annotations

import re
from email.message import Message

from bench.starter.recording.exchanges import FormPart

_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]+)\"|([^\s;]+))", re.IGNORECASE)


def parse_parts(body: bytes, content_type: str) -> tuple[FormPart, ...]:
    """The parts of a form; a file without content is to be read from a file of its name. Empty where it has none."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return ()
    mark = b"--" + (found[1] or found[2]).encode("latin-1", errors="replace")
    pieces = re.split(rb"(?:\A|\r?\n)" + re.escape(mark) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)", body)
    return tuple(part for piece in pieces[1:] if (part := _parse_part(piece)))


def _parse_part(piece: bytes) -> FormPart | None:
    head, blank, content = _halves(piece)
    message = Message()
    kind = ""
    for line in head.decode("utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            message["Content-Disposition"] = value.strip()
        elif name.strip().lower() == "content-type":
            kind = value.strip()
    name, file_name = (_parameter(message, key) for key in ("name", "filename"))
    if not name or not blank:
        return None
    path = "" if content else re.split(r"[/\\]", file_name)[-1]
    return FormPart(name=name, content=content, file_name=file_name, content_type=kind, path=path)


def _halves(piece: bytes) -> tuple[bytes, bytes, bytes]:
    """The head of a part, the blank line and what follows it."""
    found = re.search(rb"\r?\n\r?\n", piece)
    return (piece[: found.start()], found[0], piece[found.end() :]) if found else (piece, b"", b"")


def _parameter(message: Message, key: str) -> str:
    value = message.get_param(key, "", "Content-Disposition")
    return value if isinstance(value, str) else value[2]
