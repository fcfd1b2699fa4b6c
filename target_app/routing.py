"""Routers that are left at once by a request for others."""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Router(APIRouter):
    """Looks at its prefix before it tries its routes one by one.

    FastAPI tries the routes of all routers in turn, 1.5 us each: an endpoint of the last of seventy would seem
    slower by 100 us than the same endpoint in the first.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self.prefix not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)
