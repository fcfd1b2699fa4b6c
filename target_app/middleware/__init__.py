"""The middleware of the application, outermost first; a feature that is off adds none."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware

from target_app.middleware.body_limit import BodyLimit
from target_app.middleware.etag import ETag
from target_app.middleware.rate_limit import RateLimit
from target_app.middleware.request_log import RequestLog
from target_app.middleware.security_headers import SecurityHeaders, SecurityHeadersOnBase
from target_app.middleware.trusted_host import TrustedHost
from target_app.middleware.worker import WorkerHeader
from target_app.settings import Settings


def stack(settings: Settings) -> list[Middleware]:
    """The middleware that the settings ask for."""
    everything = (
        (settings.bench, Middleware(WorkerHeader)),
        (settings.logs_requests, Middleware(RequestLog)),
        (settings.metrics, _metrics(settings)),
        (settings.allowed_hosts, Middleware(TrustedHost, hosts=settings.allowed_hosts)),
        (settings.cors_origins, _cors(settings)),
        (settings.security_header_mode == "on", Middleware(SecurityHeaders)),
        (settings.security_header_mode == "base-http", Middleware(SecurityHeadersOnBase)),
        (settings.rate_limit != "off", Middleware(RateLimit, settings=settings)),
        (settings.compression != "off", _compression(settings)),
        (settings.cache != "off", Middleware(ETag)),
        (True, Middleware(BodyLimit, max_bytes=settings.max_body_bytes)),
    )
    return [middleware for wanted, middleware in everything if wanted and middleware]


def _metrics(settings: Settings) -> Middleware | None:
    """It is loaded where it is wanted only: its library takes a while to load."""
    if not settings.metrics:
        return None
    from target_app.middleware.metrics import Metrics

    return Middleware(Metrics)


def _cors(settings: Settings) -> Middleware:
    """Tokens and keys travel in headers, so a browser never adds credentials by itself."""
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            "X-API-Key",
            "X-Request-ID",
        ],
        expose_headers=["ETag", "Location", "Retry-After", "X-Cache", "X-Request-ID"],
    )


def _compression(settings: Settings) -> Middleware:
    """One middleware for all encodings: Starlette's own sends gzip even to a client that says `gzip;q=0`."""
    every = settings.compression == "auto"
    return Middleware(
        CompressMiddleware,
        minimum_size=settings.compression_min_bytes,
        zstd=every,
        brotli=every,
        zstd_level=settings.compression_level,
        brotli_quality=settings.compression_level,
        gzip_level=settings.compression_level,
    )
