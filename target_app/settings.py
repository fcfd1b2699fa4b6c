"""Every variant of the application is an environment variable."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DEFAULT_URLS = {
    "sqlite": "sqlite:///./target_app.db",
    "postgres": "postgresql://postgres:postgres@127.0.0.1:5432/postgres",
}
_BACKENDS = {"sqlite": "sqlite", "postgresql": "postgres"}
_EMPTY_IS_NONE = BeforeValidator(lambda said: said or None)


def _supported(url: str) -> str:
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


class Settings(BaseSettings):
    """The configuration of one process, read from `APP_*` variables and `.env`; the environment wins."""

    model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env", extra="ignore", frozen=True)

    bench: bool = Field(default=False, description="Serve /bench and name the worker in X-Worker")
    database: Annotated[Literal["sqlite", "postgres"] | None, _EMPTY_IS_NONE] = Field(
        default=None,
        description="sqlite or postgres at its usual place, where no URL says more; sqlite by default",
    )
    database_url: Annotated[Annotated[str, AfterValidator(_supported)] | None, _EMPTY_IS_NONE] = Field(
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
    busy_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="How long SQLite waits for another writer"
    )
    thread_tokens: int = Field(
        default=40, ge=1, le=10_000, description="Threads per worker that run `def` endpoints"
    )
    max_body_bytes: int = Field(default=1_048_576, ge=0, description="Largest request body, beyond it 413")
    probe_dir: Annotated[Path | None, _EMPTY_IS_NONE] = Field(
        default=None, description="Where each worker in bench mode writes how it fares, as <pid>.jsonl"
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.database and self.backend != self.database:
            raise ValueError(f"APP_DATABASE is {self.database}, but APP_DATABASE_URL is of another kind")
        return self

    @property
    def url(self) -> URL:
        """Where everything is kept, with a driver's name still to be set."""
        return make_url(self.database_url or _DEFAULT_URLS[self.database or "sqlite"])

    @property
    def backend(self) -> str:
        """`sqlite` or `postgres`."""
        return _BACKENDS[self.url.drivername]

    @property
    def database_path(self) -> Path:
        """The file of the SQLite database."""
        return Path(self.url.database or "")
