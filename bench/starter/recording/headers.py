"""The headers of a recorded request that matter to the service, without those of connection and browser. Pure."""

from __future__ import annotations

import re

from bench.starter.recording.exchanges import Exchange, Pairs

_CONNECTION = re.compile(
    r"connection|keep-alive|proxy-connection|proxy-authorization|te|trailer|transfer-encoding|upgrade|http2-settings"
    r"|expect|host|content-length|content-type|cookie"
)
"""Headers of the connection and the framing, and those that are written in another place."""
_BROWSER = re.compile(
    r"user-agent|accept-encoding|accept-language|origin|referer|dnt|priority|pragma|cache-control|purpose|save-data"
    r"|if-none-match|if-modified-since|upgrade-insecure-requests|device-memory|downlink|ect|rtt|dpr|width|viewport-width"
    r"|sec-.*|x-client-data|x-devtools-.*|traceparent|tracestate|baggage|sentry-trace|uber-trace-id|b3|x-b3-.*"
    r"|x-request-id|x-correlation-id|x-datadog-.*|x-amzn-.*|x-cloud-trace-context|newrelic|x-newrelic-.*|x-forwarded-.*"
    r"|x-real-ip|via|forwarded|cdn-loop|cf-.*",
)
_TRACKER = re.compile(
    r"(?:_ga|_gid|_gat|_gcl|_fbp|_fbc|_hj|_pk_|_clck|_clsk|_uet|_ttp|_mkto|ajs_|amplitude|amp_|mp_|intercom|hubspotutk|__hs"
    r"|__cf|cf_clearance|__utm|__stripe|optanon|cookieconsent|cookieyes)",
    re.IGNORECASE,
)


def that_matter(exchange: Exchange) -> tuple[Pairs, tuple[str, ...]]:
    """The headers to keep, without those of the body and cookies, and the names of the browser's that are left out."""
    kept: list[tuple[str, str]] = []
    left_out: dict[str, None] = {}
    is_preflight = exchange.method == "OPTIONS"
    for name, value in exchange.headers:
        lower = name.lower()
        if _CONNECTION.fullmatch(lower):
            continue
        if lower == "accept":
            if accepted := _accepted(value):
                kept.append(("Accept", accepted))
        elif _BROWSER.fullmatch(lower) and not (is_preflight and lower == "origin"):
            left_out[lower] = None
        else:
            kept.append((_capital(name), value))
    return tuple(kept), tuple(left_out)


def cookies(exchange: Exchange) -> Pairs:
    """The cookies that a request sent, without those that only track."""
    lines = [value for name, value in exchange.headers if name.lower() == "cookie"]
    pairs = [piece.strip().partition("=") for line in lines for piece in line.split(";")]
    return tuple((name, value) for name, mark, value in pairs if name and mark and not _TRACKER.match(name))


def set_by(exchange: Exchange) -> frozenset[str]:
    """The names of the cookies that an answer set."""
    headers = exchange.answer.headers if exchange.answer else ()
    lines = [line for name, value in headers if name.lower() == "set-cookie" for line in value.split("\n")]
    return frozenset(line.partition("=")[0].strip() for line in lines)


def _accepted(value: str) -> str:
    """The types that a request accepts: none where that is anything, and of a browser's page HTML."""
    if value.startswith("text/html,"):
        return "text/html"
    is_anything = (
        value.startswith(("*/*", "image/", "text/css,")) or value == "application/json, text/plain, */*"
    )
    return "" if is_anything else value


def _capital(name: str) -> str:
    """A name as HTTP/1.1 writes it, where HTTP/2 made it lower."""
    return "-".join(word[:1].upper() + word[1:] for word in name.split("-")) if name.islower() else name
