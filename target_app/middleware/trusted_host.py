"""The host names of the service."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from target_app.errors import error_response


class TrustedHost:
    """Answers 400 to requests for other hosts; `*.example.org` stands for all names under it."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._exact = {host for host in hosts if not host.startswith("*.")}
        self._endings = tuple(host[1:] for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_ours(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
        else:
            await error_response(scope, 400, "This host is not served here")(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = (
            host.lower().rpartition("]")[0] + "]" if host.startswith("[") else host.lower().partition(":")[0]
        )
        return name in self._exact or name.endswith(self._endings)
