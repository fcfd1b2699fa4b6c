"""Secrets of recorded requests: which values are such, and the variables that stand for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.model.secrets import MASK, is_secret_name, mask_text, mask_value
from bench.starter.expressions import Code
from bench.starter.recording.words import is_opaque, snake, unused
from bench.starter.scenario_file import RESERVED

_ALSO = re.compile(
    r"(?:^|_)(?:otp|pin|cvv|cvc|csrf|xsrf|sid|sig|signature|j?sessionid|phpsessid|passcode|ssn|nonce|code_verifier)(?:$|_)"
)
"""Names of values that must not be written down either, as `snake` spells them."""
_SESSION = re.compile(r"(?:^|_)session(?:_(?:id|key))?$")
_GRANT = re.compile(r"code|(?:auth|authorization|device|user)_code|state")
"""Names of what a login by OAuth hands from one service to the other."""
_GRANT_SIGNS = frozenset(
    {"code", "state", "client_id", "redirect_uri", "response_type", "grant_type", "code_verifier"}
)
_PLAIN_WORD = re.compile(r"[A-Za-z][a-z_-]{0,14}|[A-Z]{1,3}|\d{1,4}")
"""Such as a session of a conference, or a state of a country."""
_ACCESS = re.compile(
    r"(?:^|_)(?:password|reset|verif(?:y|ication)|invit(?:e|ation)s?|confirm(?:ation)?|tokens?|activat(?:e|ion)"
    r"|recover(?:y)?|magic|unsubscribe)(?:$|_)"
)
"""Parts of a path after which one that looks drawn at random lets its holder in."""
_NAMED = re.compile(
    r"<(?:[\w.-]+:)?(?P<tag>[\w.-]+)(?:\s[^<>]*)?>\s*"
    r"(?:<!\[CDATA\[(?P<raw>.*?)\]\]>|(?P<inner>[^<>\s](?:[^<>]*[^<>\s])?))\s*</"
    r"|(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{0,80})(?:\\?[\"'])?\s*[:=]\s*"
    r"(?:\"\"\"(?P<block>.*?)\"\"\""
    r"|(?P<quote>\\?[\"'])(?P<value>(?:(?!(?P=quote))(?:\\.|[^\n\\]))*)(?P=quote))",
    re.DOTALL,
)
"""A value with its name inside of a text: an element of XML, an argument of GraphQL."""
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
            return self._conceal_named(value, about)
        scheme = SCHEME.fullmatch(value)
        before, rest = (scheme[1], scheme[2]) if scheme else ("", value)
        if before.strip().lower() == "basic":
            about += ", base64 of user:password"
        return [before, Code(self._remember(rest, names[-1] if names else "", about).constant)]

    def mask(self, text: str) -> str:
        """A text that is not taken apart, with its secrets as `***`."""
        return mask_text("".join(MASK if name else part for name, part in split_named(text)), self.secrets)

    def _conceal_named(self, value: str, about: str) -> list[str | Code]:
        """A text with the constants of the secrets that have their names in it, and of known ones."""
        pieces: list[str | Code] = []
        for name, part in split_named(value):
            if name:
                pieces.append(Code(self._remember(part, name, f"{name} in {about}").constant))
            else:
                pieces += self.conceal_known(part)
        return pieces

    def conceal_known(self, value: str) -> list[str | Code]:
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
    return _is_masked(value, own, names) or mask_text(value) != value


def split_named(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text: a secret with its name, where that stands in the text, and other text with an empty name."""
    end = place = 0
    while found := _NAMED.search(text, place):
        group = next(each for each in ("raw", "inner", "block", "value") if found[each] is not None)
        name = found["tag"] or found["name"]
        place = found.start(group)
        if found[group] and name.lower() != "key" and _is_masked(found[group], name, (name,)):
            yield "", text[end:place]
            yield name, found[group]
            end = place = found.end(group)
    yield "", text[end:]


def grant_names(name: str, value: object, siblings: Iterable[str]) -> tuple[str, ...]:
    """A name to stand above a value that is part of a login by OAuth, as those of its siblings show; else none."""
    own = snake(name)
    is_grant = _GRANT.fullmatch(own) and isinstance(value, str) and not _PLAIN_WORD.fullmatch(value)
    return ("credential",) if is_grant and {snake(each) for each in siblings} & (_GRANT_SIGNS - {own}) else ()


def gives_access(before: Iterable[str], part: str) -> bool:
    """Whether a part of a path lets its holder in, as in `/reset/Zx81kQpLmN72abcD`; `before` are those before it."""
    return is_opaque(part) and any(_ACCESS.search(snake(each)) for each in before)


def is_opaque_header(value: str) -> bool:
    """Whether a header's value looks drawn at random."""
    return _OPAQUE.fullmatch(value) is not None


def _is_masked(value: str, own: str, names: Sequence[str]) -> bool:
    own = snake(own)
    if _ALSO.search(own) or (_SESSION.search(own) and not _PLAIN_WORD.fullmatch(value)):
        return bool(value)
    return any(mask_value(name, value) != value for name in names if is_secret_name(name))


def labelled_names(holder: Mapping[str, object]) -> tuple[str, ...]:
    """The name that stands next to a `value`, as in `{"name": "password", "value": ...}`."""
    words = (holder.get(key) for key in ("name", "key", "field", "id"))
    return tuple(word for word in words if isinstance(word, str))
