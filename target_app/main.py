"""Puts the parts together; servers load `target_app.main:app` or the factory `target_app.main:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from target_app import errors, seed
from target_app.crud import worlds
from target_app.database import connected
from target_app.middleware.worker import WorkerHeader
from target_app.probe import probing
from target_app.processes import calculators
from target_app.routers import bench, health, items, items_sync, tfb
from target_app.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; without settings, those of the environment."""
    settings = settings or Settings()
    app = FastAPI(
        title="Target app",
        summary="A service to be loaded.",
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    errors.install(app)
    if settings.bench:
        app.add_middleware(WorkerHeader)
        for router in (*bench.ROUTERS, *tfb.ROUTERS):
            app.include_router(router)
    app.include_router(health.router)
    # The limit costs every request of a router, so it stands only where bodies are read.
    for router in (items.router, items_sync.router):
        app.include_router(router, max_body_size=settings.max_body_bytes)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    to_thread.current_default_thread_limiter().total_tokens = settings.thread_tokens
    await to_thread.run_sync(seed.prepare, settings)
    if settings.bench:
        app.state.world_cache = await to_thread.run_sync(worlds.read_all, settings)
    async with (
        connected(settings) as app.state.database,
        calculators() as app.state.calculators,
        probing(settings, app.state.database),
    ):
        yield


def __getattr__(name: str) -> FastAPI:
    """Make `app` when it is first asked for, so that importing the factory does not build a second one."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    app: FastAPI = globals().setdefault("app", create_app())
    return app
