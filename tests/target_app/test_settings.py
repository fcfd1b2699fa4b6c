"""Settings come from the environment and `.env`, and a bad one is refused in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from target_app.settings import Settings
from tests.target_app.settings import settings_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without `.env`, and no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"APP_{name.upper()}", raising=False)


def test_defaults() -> None:
    defaults = {
        "bench": False,
        "database": None,
        "database_url": None,
        "seed_rows": 1000,
        "pool_size": 10,
        "pool_timeout_s": 2.0,
        "busy_timeout_s": 5.0,
        "thread_tokens": 40,
        "max_body_bytes": 2**20,
        "probe_dir": None,
    }
    assert Settings().model_dump() | defaults == Settings().model_dump()
    assert Settings().database_path == Path("target_app.db")


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_BENCH", "1")
    monkeypatch.setenv("app_pool_timeout_s", "0.5")
    monkeypatch.setenv("APP_DATABASE_URL", "sqlite:////data/app.db")
    settings = Settings()
    assert (settings.bench, settings.pool_timeout_s) == (True, 0.5)
    assert settings.database_path == Path("/data/app.db")


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_SEED_ROWS=5\nAPP_POOL_SIZE=6  # a remark\nOTHER=7\n")
    monkeypatch.setenv("APP_SEED_ROWS", "8")
    settings = Settings()
    assert (settings.seed_rows, settings.pool_size) == (8, 6)


def test_example_file_holds_every_setting_with_its_default(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    named = {line.partition("=")[0] for line in example.splitlines() if line.startswith("APP_")}
    assert named == {f"APP_{name.upper()}" for name in Settings.model_fields}
    (tmp_path / ".env").write_text(example)
    assert Settings() == settings_of()


def test_readme_has_a_table_of_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(APP_[A-Z_]+)` \| (`.*?`|) \|", readme, flags=re.M))
    told = {
        f"| `APP_{name.upper()}` | {rows[f'APP_{name.upper()}']} | {field.description} |"
        for name, field in Settings.model_fields.items()
    }
    assert set(rows) == {f"APP_{name.upper()}" for name in Settings.model_fields}
    assert told <= set(readme.splitlines())
    given = {name.removeprefix("APP_").lower(): value.strip("`") for name, value in rows.items()}
    assert Settings(**given) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param("BENCH", "maybe", "valid boolean", id="neither on nor off"),
        pytest.param("SEED_ROWS", "-1", "greater than or equal to 0", id="fewer than none"),
        pytest.param("SEED_ROWS", "1000001", "less than or equal to 1000000", id="too many rows"),
        pytest.param("SEED_ROWS", "many", "valid integer", id="no number"),
        pytest.param("POOL_SIZE", "0", "greater than or equal to 1", id="no connections"),
        pytest.param("POOL_SIZE", "1001", "less than or equal to 1000", id="too many connections"),
        pytest.param("POOL_TIMEOUT_S", "0", "greater than 0", id="no time for a connection"),
        pytest.param("POOL_TIMEOUT_S", "nan", "less than or equal to 60", id="time that is not a number"),
        pytest.param("BUSY_TIMEOUT_S", "inf", "less than or equal to 60", id="for ever"),
        pytest.param("THREAD_TOKENS", "0", "greater than or equal to 1", id="no threads"),
        pytest.param("MAX_BODY_BYTES", "-1", "greater than or equal to 0", id="negative size"),
        pytest.param("AUTH", "maybe", "'off', 'optional' or 'on'", id="no way to log in"),
        pytest.param("SECRET", "x" * 31, "at least 32", id="a short secret"),
        pytest.param("CACHE", "disk", "'off', 'memory' or 'redis'", id="an unknown cache"),
        pytest.param("COMPRESSION", "br", "'off', 'gzip' or 'auto'", id="an unknown compression"),
        pytest.param("COMPRESSION_LEVEL", "10", "less than or equal to 9", id="too hard"),
        pytest.param("RATE_LIMIT", "1", "'off', 'memory' or 'redis'", id="an unknown limiter"),
        pytest.param("RATE_LIMIT_REQUESTS", "0", "greater than or equal to 1", id="nobody at all"),
        pytest.param("CORS_ORIGINS", "https://a.example,*", "or give * alone", id="every origin"),
        pytest.param("DATABASE_URL", "app.db", "not a database URL, such as sqlite:///", id="a path"),
        pytest.param("DATABASE_URL", "mysql://x/y", "'mysql' is not supported", id="unknown database"),
        pytest.param("DATABASE_URL", "sqlite+aiosqlite:///a.db", "driver is chosen for you", id="driver"),
        pytest.param("DATABASE_URL", "sqlite://", "needs a plain file", id="in memory"),
        pytest.param("DATABASE_URL", "sqlite:///:memory:", "needs a plain file", id="in memory, by name"),
        pytest.param("DATABASE_URL", "sqlite:///a.db?mode=ro", "needs a plain file", id="with options"),
    ],
)
def test_bad_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"APP_{name}", value)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    (error,) = refusal.value.errors()
    assert error["loc"] == (name.lower(),)
    assert said in error["msg"]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().pool_size = 3
