"""Spans of requests for OpenTelemetry, where Locust runs with --otel: of its clients alike, and with their exact times.

Locust makes spans of the library `requests` alone; its FastHttpUser has none.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locust.env import Environment
    from locust.event import Events
    from opentelemetry.trace import Tracer

_NAME = "fastapi-bench"


def install(events: Events) -> None:
    """Make a span of each request. Locust sends them over HTTP, unless OTEL_EXPORTER_OTLP_PROTOCOL says otherwise."""
    os.environ.setdefault("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    events.init.add_listener(_begin)


def _begin(environment: Environment, **_: object) -> None:
    if not getattr(environment.parsed_options, "otel", False):
        return
    try:
        from opentelemetry import trace
    except ImportError:  # Locust has said what is missing
        return
    with contextlib.suppress(ImportError):
        from opentelemetry.instrumentation.requests import RequestsInstrumentor

        RequestsInstrumentor().uninstrument()  # else a request of an HttpUser would have two
    environment.events.request.add_listener(partial(add_span, trace.get_tracer(_NAME)))


def add_span(
    tracer: Tracer,
    *,
    request_type: str,
    name: str,
    response_time: float,
    start_time: float,
    context: dict[str, Any],
    exception: Exception | None = None,
    **_: object,
) -> None:
    """The span of a request that Locust has counted: times in milliseconds, and in seconds since the epoch.

    Its attributes are named as OpenTelemetry's semantic conventions for HTTP clients name them.
    """
    from opentelemetry.trace import SpanKind, StatusCode

    transport = context["transport"]
    address = transport.channel.address
    attributes: dict[str, str | int] = {
        "http.request.method": request_type,
        "server.address": address.socket or address.host,
        "url.full": f"{address.url}{transport.request.path}",
    }
    if not address.socket:
        attributes["server.port"] = address.port
    if transport.response.status:
        attributes["http.response.status_code"] = transport.response.status
    began_ns = round(start_time * 1e9)
    span = tracer.start_span(
        f"{request_type} {name}", kind=SpanKind.CLIENT, start_time=began_ns, attributes=attributes
    )
    if exception is not None:
        span.set_attribute("error.type", type(exception).__name__)
        span.set_status(StatusCode.ERROR, str(exception))
    span.end(began_ns + round(response_time * 1e6))
