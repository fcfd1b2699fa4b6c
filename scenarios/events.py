"""Server-sent events, read from the body of an answer.

The rules are those of the HTML standard (WHATWG), section 9.2.6, "Interpreting an event stream":
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

_LINE_END = re.compile("\r\n|\n|\r")


class Event(NamedTuple):
    """One event: its data (lines joined by a line feed), its type, and the id that was the last by then."""

    data: str
    type: str = "message"
    id: str = ""

    def json(self) -> Any:
        """The data, read as JSON. Raises ValueError."""
        return json.loads(self.data)


def read_events(body: bytes) -> list[Event]:
    """The events of a body, in their order.

    Comments, unknown fields and events without data are left out, and so is an event at the end that no empty line
    ends. What is not UTF-8 becomes U+FFFD.
    """
    found: list[Event] = []
    data: list[str] = []
    kind = last_id = ""
    for line in _lines(body):
        if not line:
            if data:
                found.append(Event("\n".join(data), kind or "message", last_id))
            data, kind = [], ""
            continue
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            data.append(value)
        elif field == "event":
            kind = value
        elif field == "id" and "\0" not in value:
            last_id = value
    return found


def _lines(body: bytes) -> list[str]:
    """The lines that CRLF, LF or CR ends, without a byte order mark before the first."""
    text = body.decode("utf-8", "replace")
    return _LINE_END.split(text[1:] if text.startswith("\ufeff") else text)[:-1]
