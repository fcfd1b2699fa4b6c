"""Entity tags: the body of a response that the client already has is not sent again."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.entity_tags import is_named, tag_of

_KEPT = frozenset({"etag", "cache-control", "vary", "x-cache", "x-request-id"})


class ETag:
    """Tags the responses to GET and HEAD, makes clients revalidate them, and answers 304 when the client has the body.

    Tags are weak, as compression happens further out. `no-store` responses and streams pass unchanged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        held: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _may_be_tagged(message):
                held = message
                return
            if held is not None:
                start, held = held, None
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    message = _tag(start, message, Headers(scope=scope).get("if-none-match", ""))
                await send(start)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _may_be_tagged(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == 200
        and "etag" not in headers
        and "no-store" not in headers.get("cache-control", "")
    )


def _tag(start: Message, body: Message, known: str) -> Message:
    """Add the tag to the start of a response; returns its body, empty if the client has it."""
    tag = tag_of(body.get("body", b""))
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["ETag"] = f"W/{tag}"
    headers.setdefault("Cache-Control", "no-cache")
    for name in ("Authorization", "X-API-Key"):
        headers.add_vary_header(name)
    start["headers"] = headers.raw
    if not is_named(tag, known):
        return body
    start["status"] = 304
    start["headers"] = [(name, value) for name, value in headers.raw if name.decode().lower() in _KEPT]
    return {**body, "body": b""}
