"""Secrets of recorded requests."""

from __future__ import annotations

import pytest

from bench.starter.expressions import Code
from bench.starter.recording.concealment import Concealment, is_opaque_header, is_secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    ("value", "names", "secret"),
    [
        ("hunter2", ("password",), True),
        ("hunter2", ("user", "newPassword"), True),
        ("ann", ("credentials", "user"), True),
        ("1234", ("pin",), True),
        ("98765", ("otp_code",), True),
        (JWT, ("comment",), True),
        ("abc", ("X-Api-Key",), True),
        ("ArrowUp", ("key",), False),
        ("a1b2c3d4e5f6a7b8c9", ("key",), True),
        ("ann@example.com", ("email",), False),
        ("shipping", ("step",), False),
        ("3600", ("token_ttl_s",), False),
        ("", ("password",), False),
    ],
)
def test_a_secret_is_known_by_its_name_or_its_form(value: str, names: tuple[str, ...], secret: bool) -> None:
    assert is_secret(value, names) is secret


def test_equal_secrets_share_a_constant_and_others_get_a_number() -> None:
    concealment = Concealment("SHOP")
    assert concealment.conceal("hunter2!", ("password",), "here") == ["", Code("PASSWORD")]
    assert concealment.conceal("hunter2!", ("repeated",), "there") == [Code("PASSWORD")]
    assert concealment.conceal("another", ("Password",), "there") == ["", Code("PASSWORD_2")]
    assert [each.variable for each in concealment.secrets.values()] == ["SHOP_PASSWORD", "SHOP_PASSWORD_2"]


def test_the_scheme_of_a_login_stays() -> None:
    found = Concealment("SHOP").conceal("Basic YW5uOmh1bnRlcjI=", ("Authorization",), "a header")
    assert found == ["Basic ", Code("AUTHORIZATION")]


def test_a_known_secret_is_found_inside_of_other_texts() -> None:
    concealment = Concealment("SHOP")
    concealment.conceal("hunter2!", ("password",), "here")
    assert concealment.conceal("ann:hunter2!:x", ("login",), "there") == ["ann:", Code("PASSWORD"), ":x"]
    assert concealment.mask("<password>hunter2!</password>") == "<password>***</password>"


@pytest.mark.parametrize(
    ("value", "opaque"),
    [
        ("3f9a7c1e5b2d48f6a0c4", True),
        ("application/json", False),
        ("1", False),
        ("2026-01-15 12:00 and more", False),
    ],
)
def test_a_header_that_looks_drawn_is_opaque(value: str, opaque: bool) -> None:
    assert is_opaque_header(value) is opaque
