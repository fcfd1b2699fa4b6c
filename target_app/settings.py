"""The settings of the application: one environment variable for each variant."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DEFAULT_URLS = {
    "sqlite": "sqlite:///./target_app.db",
    "postgres": "postgresql://postgres:postgres@127.0.0.1:5432/postgres",
}
_BACKENDS = {"sqlite": "sqlite", "postgresql": "postgres"}
_WAITING_HASHES = 8
_EMPTY_IS_NONE = BeforeValidator(lambda value: None if value == "" else value)


def _check_url(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("not a database URL, such as sqlite:///./target_app.db") from None
    if parsed.drivername not in _BACKENDS:
        raise ValueError(
            f"{parsed.drivername!r} is not supported; give sqlite:///path or postgresql://user:word@host/name, "
            "the driver is chosen for you"
        )
    if parsed.drivername == "sqlite" and (parsed.query or parsed.database in (None, "", ":memory:")):
        raise ValueError("SQLite needs a plain file, which all connections and workers share")
    if parsed.query:
        raise ValueError("options after a question mark are not supported")
    return url


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if origins != ("*",) and any("*" in origin for origin in origins):
        raise ValueError("name each origin, such as https://shop.example, or give * alone for all of them")
    return origins


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Store = Literal["off", "memory", "redis"]


class Settings(BaseSettings):
    """The configuration of one process, read from `APP_*` variables and `.env`; the environment wins."""

    model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env", extra="ignore", frozen=True)

    bench: bool = Field(default=False, description="Serve /bench and name the worker in X-Worker")
    database: Annotated[Literal["sqlite", "postgres"] | None, _EMPTY_IS_NONE] = Field(
        default=None,
        description="sqlite or postgres at its usual place, where no URL says more; sqlite by default",
    )
    database_url: Annotated[Annotated[str, AfterValidator(_check_url)] | None, _EMPTY_IS_NONE] = Field(
        default=None, description="Where everything is kept, without a driver's name"
    )
    seed_rows: int = Field(
        default=1000, ge=0, le=1_000_000, description="Items that are there from the start: ids 1 to this"
    )
    pool_size: int = Field(
        default=10, ge=1, le=1000, description="Connections in each pool of a worker, async and sync alike"
    )
    pool_timeout_s: float = Field(
        default=2.0, gt=0, le=60, description="How long a request waits for a connection"
    )
    statement_timeout_s: float = Field(
        default=5.0, gt=0, le=600, description="How long PostgreSQL works on a statement"
    )
    lock_timeout_s: float = Field(
        default=2.0, gt=0, le=600, description="How long a statement of PostgreSQL waits for a lock"
    )
    busy_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="How long SQLite waits for another writer"
    )
    thread_tokens: int = Field(
        default=40, ge=1, le=10_000, description="Threads per worker that run `def` endpoints"
    )
    gc_freeze: bool = Field(
        default=True,
        description="Spare garbage collections what is there from the start, so that none is long",
    )
    max_body_bytes: int = Field(default=1_048_576, ge=0, description="Largest request body, beyond it 413")
    metrics: bool = Field(
        default=False,
        description="Serve /metrics for Prometheus; workers share figures in the folder PROMETHEUS_MULTIPROC_DIR",
    )
    telemetry: bool = Field(
        default=False, description="Trace, count and log by OpenTelemetry, where its provider is set up"
    )
    probe_dir: Annotated[Path | None, _EMPTY_IS_NONE] = Field(
        default=None, description="Where each worker in bench mode writes how it fares, as <pid>.jsonl"
    )

    auth: Literal["off", "optional", "on"] = Field(
        default="optional",
        description="off: nobody logs in and items have no owners; optional: those who do have items of their own; "
        "on: items are for those who do",
    )
    secret: Annotated[Annotated[SecretStr, Field(min_length=32)] | None, _EMPTY_IS_NONE] = Field(
        default=None,
        description="What signs tokens, 32 characters or more; without it one is drawn at random and kept in the "
        "database, where all workers find it",
    )
    token_lifetime_s: int = Field(default=1800, ge=1, le=86_400, description="How long a token lives")

    cache: Store = Field(
        default="off",
        description="Where read items are kept: nowhere, in each worker, or in Redis for all workers",
    )
    cache_ttl_s: int = Field(default=60, ge=1, le=86_400, description="How long a read item is kept")
    compression: Literal["off", "gzip", "auto"] = Field(
        default="off", description="How bodies are compressed; auto takes zstd, br or gzip as the client can"
    )
    compression_level: int = Field(
        default=4, ge=1, le=9, description="How hard to compress; beyond 6 little is won"
    )
    compression_min_bytes: int = Field(
        default=500, ge=0, le=1_048_576, description="The smallest body that is compressed"
    )
    rate_limit: Store = Field(
        default="off",
        description="Where requests are counted: nowhere, in each worker, or in Redis for all workers",
    )
    rate_limit_requests: int = Field(
        default=100, ge=1, le=10_000_000, description="Requests of one client in any window, beyond it 429"
    )
    rate_limit_window_s: int = Field(default=60, ge=1, le=86_400, description="The length of a window")
    rate_limit_failure: Literal["open", "closed"] = Field(
        default="open",
        description="Whether requests are served or answered 503 while Redis cannot count them",
    )
    login_limit_requests: int = Field(
        default=10, ge=1, le=10_000_000, description="The same for /auth/token and /auth/register, by address"
    )
    waiting_hashes: Annotated[Annotated[int, Field(ge=0, le=10_000)] | None, _EMPTY_IS_NONE] = Field(
        default=None,
        description="Passwords per CPU that wait to be checked, beyond it 503; 8 outside of bench mode, else no limit",
    )
    trust_forwarded: bool = Field(
        default=False,
        description="Take the last address in X-Forwarded-For as the client's: behind a proxy of yours",
    )
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="Where Redis or Valkey is")
    redis_timeout_s: float = Field(
        default=0.5,
        gt=0,
        le=60,
        description="How long a request waits for Redis before it goes on without it",
    )
    cors_origins: Annotated[Names, AfterValidator(_check_origins)] = Field(
        default=(), description="Origins whose pages may call the service, with commas between; * for all"
    )
    allowed_hosts: Names = Field(
        default=(),
        description="Names by which the service may be called, such as *.example.org; all of them if none",
    )
    security_headers: Annotated[Literal["off", "on", "base-http"] | None, _EMPTY_IS_NONE] = Field(
        default=None,
        description="Headers that make browsers careful, on outside of bench mode; base-http adds them by way of "
        "Starlette's BaseHTTPMiddleware, to be measured",
    )
    request_log: Annotated[bool | None, _EMPTY_IS_NONE] = Field(
        default=None,
        description="A line of JSON for each request on standard error, on outside of bench mode",
    )

    @property
    def logs_requests(self) -> bool:
        """Whether each request is logged."""
        return not self.bench if self.request_log is None else self.request_log

    @property
    def most_waiting_hashes(self) -> int | None:
        """Passwords per CPU that wait to be hashed; None is no limit."""
        return _WAITING_HASHES if self.waiting_hashes is None and not self.bench else self.waiting_hashes

    @property
    def security_header_mode(self) -> str:
        """`off`, `on` or `base-http`; by default on outside bench mode."""
        return self.security_headers or ("off" if self.bench else "on")

    @property
    def needs_redis(self) -> bool:
        """Whether anything is kept in Redis."""
        return "redis" in (self.cache, self.rate_limit)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.database and self.backend != self.database:
            raise ValueError(f"APP_DATABASE is {self.database}, but APP_DATABASE_URL is of another kind")
        return self

    @property
    def url(self) -> URL:
        """The URL of the database, without the name of a driver."""
        return make_url(self.database_url or _DEFAULT_URLS[self.database or "sqlite"])

    @property
    def backend(self) -> str:
        """`sqlite` or `postgres`."""
        return _BACKENDS[self.url.drivername]

    @property
    def database_path(self) -> Path:
        """The file of the SQLite database."""
        return Path(self.url.database or "")
