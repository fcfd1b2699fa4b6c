"""A limit to the requests of each client."""

import ipaddress
import logging
from math import ceil

from redis.exceptions import RedisError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.errors import error_response
from target_app.limiter import Hit, HitLimit
from target_app.security import Signer, key_hash
from target_app.settings import Settings

_GUARDED = frozenset({"/auth/token", "/auth/register"})
_FREE = "/health/"

_log = logging.getLogger(__name__)


class RateLimit:
    """Answers 429 to a client with too many requests: identified by API key, else by user, else by address.

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
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        state = scope["app"].state
        address = client_address(scope, trusting=self._trusting)
        guarded = scope["path"] in _GUARDED
        limit = self._login if guarded else self._general
        key = address if guarded else client_key(scope, state.signer, address)
        try:
            hit = await state.windows.hit(limit, key)
        except (RedisError, OSError) as error:
            _log.warning("requests cannot be counted: %s", error)
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


def _headers(limit: HitLimit, hit: Hit) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(limit.hits),
        "RateLimit-Remaining": str(hit.remaining),
        "RateLimit-Reset": str(ceil(hit.reset_s)),
    }


def client_key(scope: Scope, signer: Signer | None, address: str) -> str:
    """The key to count a request under; a request whose API key or token is not ours counts for its address."""
    if signer is None:
        return address
    headers = Headers(scope=scope)
    key = headers.get("x-api-key")
    if key and signer.has_issued(key):
        return f"key:{key_hash(key)}"
    scheme, _, token = headers.get("authorization", "").partition(" ")
    user_id = signer.user_id(token) if scheme.lower() == "bearer" else None
    return f"user:{user_id}" if user_id else address


def client_address(scope: Scope, *, trusting: bool) -> str:
    """The address of the client; an IPv6 /64 network, which one customer gets, counts as one address.

    Behind a trusted proxy it is the last address in `X-Forwarded-For`, which the proxy itself wrote.
    """
    host = (scope.get("client") or ("unknown", 0))[0]
    forwarded = [each.strip() for each in Headers(scope=scope).get("x-forwarded-for", "").split(",")]
    if trusting:
        host = forwarded[-1] or host
    elif any(each.startswith((host, f"[{host}]")) for each in forwarded if each):
        # A server that trusts the header, as uvicorn on loopback does by default, has replaced the client's address
        # with its value. Anybody can write anything there, so all of these requests count as one client.
        return "address:forwarded"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "address:unknown"
    if address.version == 6:
        return f"address:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"address:{address}"
