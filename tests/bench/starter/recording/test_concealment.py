"""Secrets of recorded requests."""

from __future__ import annotations

import pytest

from bench.starter.expressions import Code
from bench.starter.recording.concealment import (
    Concealment,
    gives_access,
    grant_names,
    is_opaque_header,
    is_secret,
    split_named,
)

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
        ("", ("pin",), False),
        ("8f14e45fceea167a5a36dedd4bea2543", ("session_id",), True),
        ("Geheim5E", ("X-Session",), True),
        ("Geheim5E", ("userSessionId",), True),
        ("n-0S6_WzA2Mj", ("nonce",), True),
        ("Geheim5E", ("csrfmiddleware", "userPin"), True),
        ("morning", ("session",), False),
        ("42", ("session_id",), False),
        ("evening", ("session_title",), False),
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


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("<password>Geheim1A</password>", ["Geheim1A"]),
        ('<w:Password Type="Text">\n  Geheim 1A\n</w:Password>', ["Geheim 1A"]),
        ("<userPass><![CDATA[a<b>c]]></userPass>", ["a<b>c"]),
        ("<a><pin>4711</pin><name>ann</name></a>", ["4711"]),
        ('mutation { login(user: "ann", password:"Geheim2B") { id } }', ["Geheim2B"]),
        ('login(password: "Geh\\"eim", pin: "4711")', ['Geh\\"eim', "4711"]),
        ('login(password: """Geheim\n2B""")', ["Geheim\n2B"]),
        ("{password: 'Geheim2B'}", ["Geheim2B"]),
        ('{"a": NaN, "query": "m { login(password: \\"Geheim2B\\") }"}', ["Geheim2B"]),
        ('metafield(key: "material_2b9c8d7e") <Key>photos/1a2b3c4d.jpg</Key>', []),
        ('password: "" token: "$TOKEN" <label>Password</label>', []),
        ("name: " * 2000 + '"' * 2001, []),
    ],
)
def test_a_secret_with_its_name_is_found_in_a_text(text: str, named: list[str]) -> None:
    parts = list(split_named(text))
    assert [part for name, part in parts if name] == named
    assert "".join(part for _, part in parts) == text
    masked = Concealment("SHOP").mask(text)
    assert [each for each in named if each in masked] == []


@pytest.mark.parametrize(
    ("name", "value", "siblings", "is_grant"),
    [
        ("code", "4/0AX4XfWhq", ("code", "state"), True),
        ("state", "af0ifjsldkj", ("code", "state"), True),
        ("code", "4/0AX4XfWhq", ("grant_type", "code"), True),
        ("code", "4/0AX4XfWhq", ("code", "lang"), False),
        ("state", "Berlin", ("state", "code"), False),
        ("code", "10115", ("street", "code"), False),
    ],
)
def test_what_a_login_hands_over_is_known_by_its_siblings(
    name: str, value: str, siblings: tuple[str, ...], is_grant: bool
) -> None:
    assert bool(grant_names(name, value, siblings)) is is_grant


@pytest.mark.parametrize(
    ("before", "part", "gives"),
    [
        (("reset",), "Zx81kQpLmN72abcD", True),
        (("api", "resetPassword", "Mg"), "c8xk2p-9f8e7d6c5b4a", True),
        (("verify-email",), "482913", True),
        (("invitations",), "123e4567-e89b-42d3-a456-426614174000", True),
        (("confirm",), "orders", False),
        (("orders",), "Zx81kQpLmN72abcD", False),
    ],
)
def test_a_drawn_part_of_a_path_lets_in_after_such_words(
    before: tuple[str, ...], part: str, gives: bool
) -> None:
    assert gives_access(before, part) is gives
