"""Texts of the formats that JSON schemas name, and whether a text is of one. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime, time

SAMPLES = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "uuid4": "123e4567-e89b-42d3-a456-426614174000",
    "email": "user@example.com",
    "idn-email": "user@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "ipvanyaddress": "192.0.2.1",
    "ipvanynetwork": "192.0.2.0/24",
    "byte": "dGV4dA==",
    "json-pointer": "/a",
}
"""A text of each format that is drawn."""

_ZONE = r"(?:Z|[+-]\d{2}:\d{2})"
_CLOCK = rf"\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,6}})?{_ZONE}"
_DATE = r"\d{4}-\d{2}-\d{2}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_URL = r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9][!-~]*"
_PATTERNS = {
    "uuid": _UUID,
    "uuid4": _UUID,
    "email": rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9_+-]+)*@{_HOST}",
    "uri": _URL,
    "url": _URL,
    "duration": r"P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)",
    "hostname": _HOST,
    "json-pointer": r"(?:/(?:[^~/]|~[01])*)*",
}
_READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "date": (_DATE, date.fromisoformat),
    "date-time": (rf"{_DATE}T{_CLOCK}", datetime.fromisoformat),
    "time": (_CLOCK, time.fromisoformat),
    "ipv4": (r"[0-9.]+", ipaddress.IPv4Address),
    "ipv6": (r"[0-9a-fA-F:.]+", ipaddress.IPv6Address),
}


def is_of_format(text: str, name: str) -> bool:
    """Whether a text is of a format; true of formats that are not looked at here. Rather too strict than too lax."""
    if name in _PATTERNS:
        return re.fullmatch(_PATTERNS[name], text) is not None
    if name not in _READERS:
        return True
    pattern, read = _READERS[name]
    try:
        return re.fullmatch(pattern, text) is not None and read(text) is not None
    except ValueError:
        return False
