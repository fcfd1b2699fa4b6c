"""Secrets of recorded requests: which values are such, and the variables that stand for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.model.secrets import is_secret_name, mask_text, mask_value
from bench.starter.expressions import Code
from bench.starter.recording.words import unused
from bench.starter.scenario_file import RESERVED

_ALSO = re.compile(
    r"(?:^|[^a-z])(?:otp|pin|cvv|cvc|csrf|xsrf|sid|sig|signature|sessionid|jsessionid|passcode|ssn)(?:$|[^a-z])",
    re.IGNORECASE,
)
"""Names of values that must not be written down either."""
_OPAQUE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~+/=:-]{20,}")
_PLAIN_KEY = re.compile(r"[A-Za-z_ -]{1,15}")
SCHEME = re.compile(
    r"((?:Bearer|Basic|Token|ApiKey|JWT|Digest|Negotiate)\s+)(\S.*)", re.IGNORECASE | re.DOTALL
)
_LEAST = 6
"""Characters from which on a known secret is looked for inside of other texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcealedValue:
    """A secret: the constant of the file that holds it, the variable that it is read from, and what it was."""

    constant: str
    variable: str
    about: str


@dataclass(slots=True)
class Concealment:
    """The secrets that were met so far; `prefix` begins the names of their variables."""

    prefix: str
    secrets: dict[str, ConcealedValue] = field(default_factory=dict)

    def conceal(
        self, value: str, names: Sequence[str], about: str, is_surely: bool = False
    ) -> list[str | Code]:
        """The pieces of a text, with the constant of a secret in its place; `names` are its own and those above it.

        `about` says in a comment where the secret was; it is one for certain where `is_surely`.
        """
        if value in self.secrets:
            return [Code(self.secrets[value].constant)]
        if not value or not (is_surely or is_secret(value, names)):
            return self._conceal_inside(value)
        scheme = SCHEME.fullmatch(value)
        before, rest = (scheme[1], scheme[2]) if scheme else ("", value)
        if before.strip().lower() == "basic":
            about += ", base64 of user:password"
        return [before, Code(self._remember(rest, names[-1] if names else "", about).constant)]

    def mask(self, text: str) -> str:
        """A text that is not taken apart, with its secrets as `***`."""
        return mask_text(text, self.secrets)

    def _conceal_inside(self, value: str) -> list[str | Code]:
        """A text in which known secrets are replaced by their constants."""
        known = sorted(
            (each for each in self.secrets if len(each) >= _LEAST and each in value), key=len, reverse=True
        )
        if not known:
            return [value]
        pieces = re.split(f"({'|'.join(map(re.escape, known))})", value)
        return [Code(self.secrets[piece].constant) if piece in self.secrets else piece for piece in pieces]

    def _remember(self, value: str, name: str, about: str) -> ConcealedValue:
        if value not in self.secrets:
            word = re.sub(r"[^A-Z0-9]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).upper()).strip("_")
            word = f"SECRET_{word}".rstrip("_") if not word or word[0].isdigit() else word
            constant = unused(word, {each.constant for each in self.secrets.values()} | RESERVED)
            self.secrets[value] = ConcealedValue(
                constant=constant, variable=f"{self.prefix}_{constant}", about=about
            )
        return self.secrets[value]


def is_secret(value: str, names: Sequence[str]) -> bool:
    """Whether a value is a secret: by its own name or one above it, else by its form."""
    own = names[-1] if names else ""
    if own.lower() == "key" and _PLAIN_KEY.fullmatch(value):
        return False  # that of a keyboard, a map or a list
    named = any(is_secret_name(name) or _ALSO.search(name) for name in names)
    if named and _is_masked(value, own, names):
        return True
    return mask_text(value) != value


def is_opaque_header(value: str) -> bool:
    """Whether a header's value looks drawn at random."""
    return _OPAQUE.fullmatch(value) is not None


def _is_masked(value: str, own: str, names: Sequence[str]) -> bool:
    if _ALSO.search(own):
        return True
    return any(mask_value(name, value) != value for name in names if is_secret_name(name))


def labelled_names(holder: Mapping[str, object]) -> tuple[str, ...]:
    """The name that stands next to a `value`, as in `{"name": "password", "value": ...}`."""
    words = (holder.get(key) for key in ("name", "key", "field", "id"))
    return tuple(word for word in words if isinstance(word, str))
