"""Endpoints that exist to be measured, each in several ways that answer the same."""

from target_app.routers.bench import (
    background,
    cache,
    compression,
    cpu,
    db,
    dependencies,
    info,
    io,
    limited,
    noop,
    ping,
    serialisation,
    sse,
    stream,
    ws,
)

# A flat list, not a router of routers: each level costs every request some microseconds.
ROUTERS = tuple(
    group.router
    for group in (
        *(noop, ping, io, cpu, serialisation, dependencies, db, background, stream, sse, ws, info),
        *(cache, compression, limited),
    )
)
