"""What it costs to know who asks: by a token at each request, or by a password at a login."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.engines.inprocess import InProcess
from target_app.security import Passwords, Signer
from tests.benchmarks.measuring import Measure, Subject

USER_ID = 7


def test_token(measure: Measure) -> None:
    """A token of ours is read and its signature checked."""
    signer = Signer("a secret of thirty-two characters", token_lifetime_s=1800)
    token = signer.token(USER_ID)
    assert measure.call(Subject("token-check", "token"), lambda: signer.user_id(token)) == USER_ID


@pytest.mark.parametrize(("password", "right"), [("correct horse", True), ("battery staple", False)])
def test_password(password: str, right: bool, bare_on: Callable[[str], InProcess], measure: Measure) -> None:
    """Argon2 in a thread, whatever the answer: who guesses must not be able to tell by the clock."""
    live, passwords = bare_on("uvloop").loop, Passwords()
    hashed = live.run_until_complete(passwords.hash("correct horse"))
    subject = Subject(f"password-{'right' if right else 'wrong'}", "password")
    assert measure.coroutines(subject, live, lambda: passwords.verify(password, hashed)) == [right]
