"""The page that Prometheus reads."""

import os

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from target_app.routing import Router

_SHARED_DIR = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client finds the files that all workers of a server share."""

router = Router(include_in_schema=False)


@router.get("/metrics")
def metrics() -> Response:
    """The figures of this process, or of all workers where they share a folder."""
    registry = REGISTRY
    if _SHARED_DIR in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
