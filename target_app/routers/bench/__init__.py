"""Endpoints that exist to be measured, each in several ways that answer the same."""

from target_app.routers.bench import (
    background,
    cpu,
    db,
    dependencies,
    info,
    io,
    noop,
    ping,
    serialisation,
    stream,
)

# Side by side, not in a router of their own: each level of routers costs every request some microseconds.
ROUTERS = tuple(
    group.router for group in (noop, ping, io, cpu, serialisation, dependencies, db, background, stream, info)
)
