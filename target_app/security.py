"""Hashes of passwords, signed tokens, and API keys."""

import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass
from functools import cache
from math import inf

import jwt
from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from target_app.schemas.item import INT32_MAX

_ALGORITHM = "HS256"
_ISSUER = _AUDIENCE = "target-app"
_REQUIRED = ["exp", "sub", "iss", "aud"]
_KEY_BYTES = 24
_SEAL_DIGITS = 32

_argon2 = PasswordHash((Argon2Hasher(),))


class TooManyPasswordsError(Exception):
    """So many passwords wait to be hashed that another would wait too long."""


class Passwords:
    """Hashes passwords in threads, one per CPU: each hash takes 64 MiB and most of a core for a while.

    At most `waiting` of them per CPU wait for a thread; without a number there is no end to them. Both methods raise
    TooManyPasswordsError for one more.
    """

    def __init__(self, waiting: int | None = None) -> None:
        cpus = os.cpu_count() or 1
        self._limiter = CapacityLimiter(cpus)
        self._most_waiting = inf if waiting is None else waiting * cpus

    async def hash(self, password: str) -> str:
        """The argon2 hash of a password, with a random salt."""
        self._check_room()
        return await to_thread.run_sync(_argon2.hash, password, limiter=self._limiter)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether the hash is that of the password; without a hash, False after the same work."""
        self._check_room()
        return await to_thread.run_sync(_verify, password, hashed, limiter=self._limiter)

    def _check_room(self) -> None:
        if (
            not self._limiter.available_tokens
            and self._limiter.statistics().tasks_waiting >= self._most_waiting
        ):
            raise TooManyPasswordsError


def _verify(password: str, hashed: str | None) -> bool:
    # A login as an unknown user must take as long, or its time would reveal which names exist.
    right = _argon2.verify(password, hashed or _nobodys_hash())
    return right and hashed is not None


@cache
def _nobodys_hash() -> str:
    return _argon2.hash(secrets.token_urlsafe())


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs tokens and API keys with a secret that all workers share."""

    secret: str
    token_lifetime_s: int

    def token(self, user_id: int) -> str:
        """A token that identifies the user for `token_lifetime_s`."""
        now_s = int(time.time())
        claims = {
            "sub": str(user_id),
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "iat": now_s,
            "exp": now_s + self.token_lifetime_s,
        }
        return jwt.encode(claims, self.secret, _ALGORITHM)

    def user_id(self, token: str) -> int | None:
        """The user of a token, or None if it is not ours, damaged or expired."""
        try:
            claims = jwt.decode(
                token,
                self.secret,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                audience=_AUDIENCE,
                options={"require": _REQUIRED},
            )
            user_id = int(claims["sub"])
        except (jwt.PyJWTError, ValueError):
            return None
        return user_id if 0 < user_id <= INT32_MAX else None

    def new_key(self, user_id: int) -> str:
        """A new, random API key of a user."""
        body = f"{user_id}.{secrets.token_urlsafe(_KEY_BYTES)}"
        return f"{body}.{self._seal(body)}"

    def key_owner(self, key: str) -> int | None:
        """The user for whom this API key was made here, valid or deleted; needs no query."""
        body, _, seal = key.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(body).encode()):
            return None
        owner = body.partition(".")[0]
        return int(owner) if owner.isdecimal() and owner.isascii() else None

    def _seal(self, body: str) -> str:
        return hmac.new(self.secret.encode(), body.encode(), hashlib.sha256).hexdigest()[:_SEAL_DIGITS]


def key_hash(key: str) -> str:
    """The stored form of an API key; a plain hash is enough, as the key is random."""
    return hashlib.sha256(key.encode()).hexdigest()
