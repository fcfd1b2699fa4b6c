"""Secrets by name, by form and by value; and what only resembles them, which stays."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.plan import Setup
from bench.model.secrets import (
    MASK,
    is_secret_name,
    mask_json,
    mask_text,
    mask_value,
    mask_words,
    secret_values,
    secret_words,
    secrets_of,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
TOKENS = {
    "github": "ghp_" + "a1B2" * 9,
    "github-fine": "github_pat_" + "a1B2_" * 16,
    "gitlab": "glpat-" + "a1B2_" * 4,
    "aws": "AKIA" + "Q3EG" * 4,
    "openai": "sk-proj-" + "a1B2" * 12,
    "anthropic": "sk-ant-api03-" + "a1B2" * 12,
    "stripe": "sk_live_" + "a1B2" * 6,
    "slack": "xoxb-" + "1234567890-" * 2 + "abcdEFGH",
    "jwt": JWT,
    "google": "AIza" + "a1B2_" * 7,
    "npm": "npm_" + "a1B2" * 9,
    "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + "a1B2_" * 10,
    "hugging-face": "hf_" + "abCD" * 9,
}
"""Made up, each in the form that its issuer gives."""


@pytest.mark.parametrize(
    "name",
    [
        *("SECRET", "APP_SECRET_KEY", "API_TOKEN", "GITHUB_TOKEN", "DB_PASSWORD", "PGPASSWORD", "SMTP_PASS"),
        *("MYSQL_PWD", "AWS_ACCESS_KEY_ID", "KEY", "apiKey", "secretKey", "STRIPE_APIKEY", "SENTRY_DSN"),
        *(
            "GOOGLE_CREDENTIALS",
            "BASIC_AUTH",
            "Authorization",
            "Cookie",
            "Set-Cookie",
            "X-Api-Key",
            "ssh-passphrase",
        ),
        *("client_secret", "app.secret", "JWT", "dbPasswordHash"),
    ],
)
def test_a_name_that_looks_secret(name: str) -> None:
    assert is_secret_name(name)
    assert mask_value(name, "hunter2!") == MASK


@pytest.mark.parametrize(
    "name",
    [
        *("KEYBOARD", "MONKEY", "keep_alive", "HOTKEYS", "TURKEY", "AUTHOR", "GIT_AUTHOR_NAME", "AUTHORS"),
        *("PWD", "OLDPWD", "PATH", "PASSENGER", "COMPASS", "SECRETARY", "TOKENIZER_MODEL", "DATABASE_URL"),
        *("--timeout-keep-alive", "Content-Type", "Accept", "APP_POOL_SIZE"),
    ],
)
def test_a_name_that_only_resembles_one(name: str) -> None:
    assert not is_secret_name(name)
    assert mask_value(name, "hunter2!") == "hunter2!"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_AUTH", "on"),
        ("AUTH_ENABLED", "True"),
        ("APP_SECRET", ""),
        ("APP_TOKEN", "{tmp}"),
        ("APP_TOKEN", "${API_TOKEN}"),
        ("APP_TOKEN", "$API_TOKEN"),
        ("APP_TOKEN", "${{ secrets.API_TOKEN }}"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "30"),
        ("PASSWORD_MIN_LENGTH", "8"),
        ("CACHE_KEY_TTL_S", "0.5"),
        ("APP_DSN", "sqlite:///{tmp}/app.db"),
        ("AUTH_URL", "https://login.example.org/oauth"),
    ],
)
def test_placeholders_switches_figures_and_addresses_stay(name: str, value: str) -> None:
    assert mask_value(name, value) == value
    assert secret_values({name: value}) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "123456"),
        ("APP_TOKEN", "$ecret"),
        ("APP_TOKEN", "1.2abcdefghijkl"),
        ("SENTRY_DSN", "https://0123456789abcdef@o1.ingest.sentry.io/2"),
        ("SECRET_URL", "https://example.org/hook/17"),
    ],
)
def test_what_looks_harmless_and_is_not(name: str, value: str) -> None:
    assert mask_value(name, value) == MASK
    assert value in secret_values({name: value})


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://shop:hunter2@db:5432/shop", "postgresql://shop:***@db:5432/shop"),
        ("redis://:hunter2@cache/0", "redis://:***@cache/0"),
        ("postgresql+asyncpg://a:p@ss:word@db/shop", "postgresql+asyncpg://a:***@db/shop"),
        ("postgresql://a:ss:w/rd@db/shop", "postgresql://a:***@db/shop"),
        ("amqp://u:p%40ss@h1,amqp://u:other@h2", "amqp://u:***@h1,amqp://u:***@h2"),
        ("https://user:word@example.org/x?y=1", "https://user:***@example.org/x?y=1"),
    ],
)
def test_of_an_address_only_the_password_goes(url: str, masked: str) -> None:
    for name in ("DATABASE_URL", "APP_DSN"):
        assert mask_value(name, url) == masked
    assert mask_text(f"cannot connect to {url}: refused") == f"cannot connect to {masked}: refused"
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "harmless",
    [
        *(
            "http://127.0.0.1:8000/users/@me",
            "http://[::1]:80/",
            "https://example.org",
            "git@github.com:owner/repo.git",
        ),
        *("google-auth==2.38.0", "authlib==1.3.0", 'versions {"google-auth": "2.38.0", "keyring": "25.1"}'),
        *(
            "sorted(names, key=len)",
            "auth-hash: cpu +3 %",
            "uvicorn / token-refresh / native",
            "a sk-learn pipeline",
        ),
        *("env.API_TOKEN: Input should be a valid string", "Basic authentication failed", "KEY: value"),
        *("GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}", "token == other", "tokens_busy: 40, tokens waiting 2"),
        *("--ssl-keyfile key.pem", "eyJ is how they begin", "--timeout-keep-alive 75"),
    ],
)
def test_harmless_text_stays_word_for_word(harmless: str) -> None:
    assert mask_text(harmless) == harmless


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_goes_wherever_it_stands(token: str) -> None:
    for text in (token, f"GET /hook/{token}/x", f"['{token}']", f"key {token}, twice: {token}."):
        masked = mask_text(text)
        assert token not in masked
        assert masked == text.replace(token, MASK)
    assert mask_value("HARMLESS", token) == MASK


def test_a_private_key_goes_even_if_its_end_is_cut_off() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"
    assert mask_text(f"a\n{key}\nb") == "a\n***\nb"
    assert mask_text(f"a\n{key[:50]}") == "a\n***"


@pytest.mark.parametrize(
    "line",
    [
        *("API_TOKEN=hunter2!", "password=hunter2!", "export DB_PASSWORD='hunter2!'", 'token = "hunter2!"'),
        *(
            "API_TOKEN: hunter2!",
            "password: hunter2!",
            "client_secret: hunter2!",
            "/x?a=1&api_key=hunter2!&b=2",
        ),
        *("environ({'APP_SECRET': 'hunter2!', 'A': 'b'})", '{"password":"hunter2!","a":1}'),
        *("[(b'authorization', b'hunter2!'), (b'accept', b'*/*')]", "['--token', 'hunter2!', '--port', '1']"),
        *(
            "Settings(secret_key='hunter2!', debug=True)",
            "Authorization: Basic hunter2!",
            "X-Api-Key: hunter2!",
        ),
        *("> cookie: session=hunter2!; theme=dark", "Bearer hunter2!==", "X-Auth-Token: hunter2!"),
    ],
)
def test_a_value_behind_a_secret_name_goes_from_free_text(line: str) -> None:
    masked = mask_text(f"12:00 {line}\nthe next line")
    assert "hunter2" not in masked
    assert MASK in masked
    assert masked.startswith("12:00 ")
    assert masked.endswith("\nthe next line")


def test_what_is_next_to_a_secret_stays() -> None:
    masked = mask_text("environ({'APP_SECRET': 'hunter2!', 'A': 'b'}) password=hunter2! port=80")
    assert masked == "environ({'APP_SECRET': '***', 'A': 'b'}) password=*** port=80"


def test_a_command_line() -> None:
    words = [
        "app",
        "--token",
        "t1",
        "--port",
        "80",
        "--api-key=t2",
        "DB_PASSWORD=t 3",
        "--auth-off",
        "--log",
        "x",
    ]
    masked = [
        "app",
        "--token",
        "***",
        "--port",
        "80",
        "--api-key=***",
        "DB_PASSWORD=***",
        "--auth-off",
        "--log",
        "x",
    ]
    assert mask_words(words) == masked
    assert mask_words(["--header", "X-Api-Key:hunter2!"]) == ["--header", "X-Api-Key:***"]
    assert mask_words(["serve", "hunter2!"], known=["hunter2!"]) == ["serve", "***"]
    assert secret_words(
        ["--token", "hunter22", "--api-key=hunter33", "DB_PASSWORD=hunter44", "hunter55"]
    ) == (
        "hunter22",
        "hunter33",
        "hunter44",
    )


def test_values_are_known_in_the_spellings_of_logs() -> None:
    password = 'p@ss "wörd"\\'
    known = secret_values({"DB_PASSWORD": password, "URL": "redis://:s%40cret@h/0", "PORT": "8000"})
    for spelling in (
        password,
        repr(password),
        json.dumps(password),
        "p%40ss%20%22w%C3%B6rd%22%5C",
        "s@cret",
        "s%40cret",
    ):
        masked = mask_text(f"said {spelling} twice", known)
        assert "rd" not in masked
        assert "cret" not in masked
    assert mask_text("port 8000", known) == "port 8000"


def test_each_line_of_a_long_secret_is_known() -> None:
    known = secret_values({"SIGNING_KEY": "first-line-of-it\nsecond-line-of-it"})
    assert mask_text("... second-line-of-it", known) == "... ***"


def test_a_short_value_goes_as_a_word_only() -> None:
    assert mask_text("the test of the latest: test", ["test"]) == "the *** of the latest: ***"
    assert secret_values({"DB_PASSWORD": "abc"}) == ()
    assert mask_text("xlongsecretx", ["longsecret"]) == "x***x"


def test_the_secrets_of_a_setup() -> None:
    setup = Setup(
        "a",
        "command",
        env={"APP_SECRET": "hunter22", "A": "b"},
        args=("--token", "hunter33"),
        command=("x", "PASSWORD=hunter44"),
    )
    assert secrets_of(setup) == ("hunter22", "hunter33", "hunter44")


def test_json_is_masked_by_the_place_of_each_text() -> None:
    made: dict[str, Any] = {
        "setups": {
            "a": {"env": {"APP_SECRET": "hunter22", "A": "b"}, "command": ("run", "--token", "x", "hunter22")}
        },
        "settings": {"APP_KEY": "x"},
        "packages": {"google-auth": "2.38.0", "authlib": "x"},
        "url": "redis://:pw@h",
        "tokens": 40,
        "keep_alive": None,
        "list": ["a", 1, 2.5, True],
    }
    masked = {
        "setups": {
            "a": {"env": {"APP_SECRET": "***", "A": "b"}, "command": ["run", "--token", "***", "***"]}
        },
        "settings": {"APP_KEY": "***"},
        "packages": {"google-auth": "2.38.0", "authlib": "x"},
        "url": "redis://:***@h",
        "tokens": 40,
        "keep_alive": None,
        "list": ["a", 1, 2.5, True],
    }
    assert mask_json(made) == masked
    assert mask_json(masked) == masked


@given(st.text(), st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=8))
def test_a_known_value_is_gone_whatever_stands_around_it(text: str, secret: str) -> None:
    assert secret not in mask_text(f"{text}{secret}{text}", [secret])


@pytest.mark.parametrize("piece", ["a", "a-", "'", "://", ":", "=", "eyJ", "x:y@", '"a":', "password", " - "])
def test_a_long_text_takes_little_time(piece: str) -> None:
    began = time.process_time()
    mask_text(piece * (60_000 // len(piece)))
    assert time.process_time() - began < 2.0
