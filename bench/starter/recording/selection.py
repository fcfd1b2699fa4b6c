"""The exchanges that become a scenario: those of one origin, without static files. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.errors import UsageError, unknown
from bench.starter.recording.exchanges import Exchange, Omission, Traffic

_STATIC_PATH = re.compile(
    r"\.(?:css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg|wav|wasm|webmanifest)$",
    re.IGNORECASE,
)
_STATIC_TYPE = re.compile(
    r"(?:image|font|audio|video)/|text/css|.*javascript|application/(?:wasm|manifest\+json|font)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The exchanges of one origin, and what was left out of the recording."""

    origin: str
    exchanges: tuple[Exchange, ...]
    left_out: tuple[Omission, ...]


def select(recording: Traffic, host: str = "", keeps_static: bool = False) -> Selection:
    """The exchanges of a host, by default of the origin with the most requests for other things than static files.

    `host` is a name or an address, with or without a port. Raises UsageError when nothing is left.
    """
    exchanges = recording.exchanges
    if not exchanges:
        reasons = "".join(f"; {each.what}: {each.reason}" for each in recording.left_out[:3])
        raise UsageError(f"it holds no request that could be sent again{reasons}")
    origin = _origin(exchanges, host)
    own = [each for each in exchanges if each.origin == origin]
    kept = [each for each in own if keeps_static or not is_static(each)]
    if not kept:
        raise UsageError(f"all requests to {origin} are for static files; keep them with --static")
    left_out = list(recording.left_out)
    if len(kept) < len(own):
        left_out.append(Omission(_count(len(own) - len(kept), "static file"), "--static keeps them"))
    others = Counter(each.origin for each in exchanges if each.origin != origin)
    for other, number in others.most_common():
        reason = f"another origin; --host {other.partition('://')[2]} takes it instead"
        left_out.append(Omission(f"{_count(number, 'request')} to {other}", reason))
    return Selection(origin=origin, exchanges=tuple(kept), left_out=tuple(left_out))


def is_static(exchange: Exchange) -> bool:
    """Whether an exchange fetched a file that a browser keeps: by the content type of its answer, else by its path."""
    if exchange.method not in ("GET", "HEAD"):
        return False
    kind = exchange.answer.content_type if exchange.answer else ""
    if kind and not kind.startswith("application/octet-stream"):
        is_file = _STATIC_TYPE.match(kind) is not None
        return is_file or (kind == "text/plain" and _STATIC_PATH.search(exchange.url.path) is not None)
    return _STATIC_PATH.search(exchange.url.path) is not None


def _origin(exchanges: Sequence[Exchange], host: str) -> str:
    """The origin of a host, else the one with the most requests for other things than files; of equals the first."""
    counts = Counter(each.origin for each in exchanges)
    asked = Counter(each.origin for each in exchanges if not is_static(each))
    origins = list(counts)
    if host:
        wanted = host.rpartition("://")[2].rstrip("/").lower()
        origins = [each for each in origins if wanted in _names(each)]
        if not origins:
            raise unknown("host", host, {each.partition("://")[2] for each in counts})
    return max(origins, key=lambda each: (asked[each], counts[each]))


def _names(origin: str) -> tuple[str, str]:
    """The host of an origin with and without its port."""
    authority = origin.partition("://")[2]
    return authority, re.sub(r":\d+$", "", authority)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
