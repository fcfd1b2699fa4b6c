"""Every variant of the application is an environment variable."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


def _supported(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("not a database URL, such as sqlite:///./target_app.db") from None
    if parsed.drivername != "sqlite":
        raise ValueError(
            f"{parsed.drivername!r} is not supported; give sqlite:///path, the driver is chosen for you"
        )
    if parsed.query or parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a plain file, which all connections and workers share")
    return url


class Settings(BaseSettings):
    """The configuration of one process, read from `APP_*` variables and `.env`; the environment wins."""

    model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env", extra="ignore", frozen=True)

    bench: bool = Field(default=False, description="Serve /bench and name the worker in X-Worker")
    database_url: Annotated[str, AfterValidator(_supported)] = Field(
        default="sqlite:///./target_app.db", description="Where items are kept, without a driver's name"
    )
    seed_rows: int = Field(
        default=1000, ge=0, le=1_000_000, description="Items that are there from the start: ids 1 to this"
    )
    pool_size: int = Field(
        default=10, ge=1, le=1000, description="Connections for reading, each in the async and sync pool"
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
    probe_dir: Annotated[Path | None, BeforeValidator(lambda said: said or None)] = Field(
        default=None, description="Where each worker in bench mode writes how it fares, as <pid>.jsonl"
    )

    @property
    def database_path(self) -> Path:
        """The file of the SQLite database."""
        return Path(make_url(self.database_url).database or "")
