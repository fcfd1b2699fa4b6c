"""Headers that make browsers careful."""

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = b"content-security-policy"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
DEFAULT_POLICY = (_POLICY, b"default-src 'none'; frame-ancestors 'none'")


class SecurityHeaders:
    """Adds security headers to every response; a page that needs scripts sets its own policy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *HEADERS]
                if all(name.lower() != _POLICY for name, _ in headers):
                    headers.append(DEFAULT_POLICY)
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_guarded)


class SecurityHeadersOnBase(BaseHTTPMiddleware):
    """The same on Starlette's base class, which costs a task and two streams per request: exists to be measured."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.raw_headers.extend(HEADERS)
        if _POLICY.decode() not in response.headers:
            response.raw_headers.append(DEFAULT_POLICY)
        return response
