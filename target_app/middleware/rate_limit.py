"""A limit to the requests of each client."""

import ipaddress
import logging
import re
from math import ceil

from redis.exceptions import RedisError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.breaker import RestingError
from target_app.errors import error_response
from target_app.limiter import Hit, HitLimit, Windows
from target_app.routing import route_path
from target_app.security import Signer
from target_app.settings import Settings

_GUARDED = frozenset({"/auth/token", "/auth/register"})
_FREE = "/health/"
_FORWARDED = "address:forwarded"
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<four>[^:]*):\d+")

_log = logging.getLogger(__name__)


class RateLimit:
    """Answers 429 to a client with too many requests: identified by user, else by address.

    Endpoints that check passwords have a stricter limit, by address only, which refuses requests while hits cannot be
    counted. Health checks are never limited.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._trusting = settings.trust_forwarded
        self._closed = settings.rate_limit_failure == "closed"
        window_s = settings.rate_limit_window_s
        self._general = HitLimit("general", settings.rate_limit_requests, window_s)
        self._login = HitLimit("login", settings.login_limit_requests, window_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (path := route_path(scope)).startswith(_FREE):
            await self._app(scope, receive, send)
            return
        state = scope["app"].state
        guarded = path.removesuffix("\n") in _GUARDED  # a route of Starlette's takes a line feed behind it
        limit = self._login if guarded else self._general
        user = None if guarded else known_user(scope, state.signer)
        keys = (user,) if user else client_addresses(scope, trusting=self._trusting)
        try:
            hit = await _hit(state.windows, limit, keys)
        except (RedisError, OSError, RestingError) as error:
            if not isinstance(error, RestingError):
                _log.warning("requests cannot be counted: %s", error or type(error).__name__)
            if guarded or self._closed:
                response = error_response(
                    scope, 503, "Requests cannot be counted, try again later", {"Retry-After": "1"}
                )
                await response(scope, receive, send)
                return
            await self._app(scope, receive, send)
            return
        headers = _headers(limit, hit)
        if not hit.allowed:
            headers["Retry-After"] = headers["RateLimit-Reset"]
            await error_response(scope, 429, "Too many requests", headers)(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_counted)


async def _hit(windows: Windows, limit: HitLimit, keys: tuple[str, ...]) -> Hit:
    """Count a request under each key, until one refuses it; the hit that allows the least."""
    hits = []
    for key in keys:
        hits.append(await windows.hit(limit, key))
        if not hits[-1].allowed:
            break
    return min(hits, key=lambda hit: (hit.allowed, hit.remaining))


def _headers(limit: HitLimit, hit: Hit) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(limit.hits),
        "RateLimit-Remaining": str(hit.remaining),
        "RateLimit-Reset": str(ceil(hit.reset_s)),
    }


def known_user(scope: Scope, signer: Signer | None) -> str | None:
    """The user whose API key or token the request has; None where these are not ours. All keys of a user are one."""
    if signer is None:
        return None
    headers = Headers(scope=scope)
    user_id = signer.key_owner(headers.get("x-api-key", ""))
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if user_id is None and scheme.lower() == "bearer":
        user_id = signer.user_id(token)
    return f"user:{user_id}" if user_id else None


def client_addresses(scope: Scope, *, trusting: bool) -> tuple[str, ...]:
    """The addresses that a request counts for.

    Behind a trusted proxy that is the last address of all `X-Forwarded-For` lines, which the proxy itself wrote; else
    the client's own. A server that trusts the header, as uvicorn on loopback does by default, may have replaced that
    with what anybody can write: a request whose own address stands there counts for all such requests, too.
    """
    host = (scope.get("client") or ("unknown", 0))[0]
    lines = Headers(scope=scope).getlist("x-forwarded-for")
    forwarded = [each.strip() for each in ",".join(lines).split(",") if each.strip()]
    if trusting:
        return (_network(_plain(forwarded[-1]) if forwarded else host),)
    return (_FORWARDED, _network(host)) if _is_named(host, forwarded) else (_network(host),)


def _is_named(host: str, forwarded: list[str]) -> bool:
    """Whether a server may have taken the host from one of these, whatever it takes for a port: uvicorn takes `-1`."""
    return host in forwarded or any(each.startswith((f"{host}:", f"[{host}]")) for each in forwarded)


def _plain(address: str) -> str:
    """An address of `X-Forwarded-For` without its port, which some proxies add: `1.2.3.4:80`, `[2001:db8::1]:80`."""
    found = _WITH_PORT.fullmatch(address)
    return (found["six"] or found["four"]) if found else address


def _network(host: str) -> str:
    """The address to count for; an IPv6 /64 network, which one customer gets, counts as one address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "address:unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return f"address:{address}"
    if address.ipv4_mapped:
        return f"address:{address.ipv4_mapped}"
    return f"address:{ipaddress.ip_network((address, 64), strict=False)}"
