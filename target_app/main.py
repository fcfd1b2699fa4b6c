"""Puts the parts together; servers load `target_app.main:app` or the factory `target_app.main:create_app`."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig

from target_app import errors, openapi, routing
from target_app.dependencies import authenticate, require_user
from target_app.lifespan import lifespan
from target_app.middleware import stack
from target_app.routers import auth, bench, docs, health, items, items_sync, reports, tfb, users
from target_app.schemas.error import INVALID, TOO_MANY, UNAUTHORIZED, WRONG_HOST, Responses
from target_app.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; without settings, those of the environment."""
    settings = settings or Settings()
    app = FastAPI(
        title="Target app",
        summary="A service to be loaded.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        middleware=stack(settings),
        responses=_common_responses(settings),
        telemetry=_telemetry(settings.telemetry),
    )
    app.state.settings = settings
    errors.install(app)
    if settings.bench:
        for router in (*bench.ROUTERS, *tfb.ROUTERS):
            app.include_router(router)
    app.include_router(health.router)
    for router in (items.router, items_sync.router, reports.router):
        app.include_router(router, **_identification(settings))
    if settings.auth != "off":
        app.include_router(auth.router)
        app.include_router(users.router)
    if settings.metrics:
        from target_app.routers import metrics

        app.include_router(metrics.router)
    docs.install(app)
    openapi.install(app)
    routing.install(app)
    return app


def _telemetry(on: bool) -> TelemetryConfig:
    """FastAPI's own OpenTelemetry: off, it would still ask three providers about themselves for each request."""
    return {"tracing": on, "metrics": on, "logs": on, "auto_configure": on}


def _identification(settings: Settings) -> dict[str, Any]:
    """The guard of an endpoint: none, one that accepts anonymous requests, or one that requires a user."""
    if settings.auth == "off":
        return {}
    guard = require_user if settings.auth == "on" else authenticate
    return {"dependencies": [Depends(guard)], "responses": UNAUTHORIZED}


def _common_responses(settings: Settings) -> Responses:
    limited = TOO_MANY if settings.rate_limit != "off" else {}
    return INVALID | limited | (WRONG_HOST if settings.allowed_hosts else {})


def __dir__() -> list[str]:
    """The names of this module with `app`, which `fastapi dev` looks for there."""
    return [*globals(), "app"]


def __getattr__(name: str) -> FastAPI:
    """Make `app` on first access, so that importing the factory does not build a second one."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    app: FastAPI = globals().setdefault("app", create_app())
    return app
