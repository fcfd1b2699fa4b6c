"""Names of fields and parts of paths, as the words that they are made of. Pure."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache
from itertools import count

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ID_WORDS = frozenset(
    {"id", "ids", "uuid", "guid", "pk", "key", "slug", "code", "number", "no", "token", "ref", "handle"}
)
_NUMBER = re.compile(r"\d+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_DRAWN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~+/=:-]{8,}")
_HEX = re.compile(
    r"(?=.*\d)[0-9a-fA-F]{12,}|(?=.*\d)[0-9A-HJKMNP-TV-Z]{26}|(?=[^\d]*\d)(?=.*[A-Z])(?=.*[a-z])[\w-]{16,}"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}(?::\d{2})?|v?\d+(?:\.\d+)+")


@cache
def words_of(name: str) -> frozenset[str]:
    """The words of a name, in lower case and singular, without those that only say that it is an id."""
    return frozenset(_singular(word) for word in _split(name) if word not in _ID_WORDS)


@cache
def is_id_name(name: str) -> bool:
    """Whether a name is that of an id, such as `id`, `order_id` and `orderId`."""
    words = _split(name)
    return bool(words) and words[-1] in _ID_WORDS


@cache
def snake(name: str) -> str:
    """A name as Python writes one: `orderId` is `order_id`."""
    made = "_".join(_split(name))
    return f"n{made}" if made[:1].isdigit() else made


def entity(path: str) -> frozenset[str]:
    """The words of the last part of a path that is not an id: of `/api/orders/7` it is `order`."""
    parts = [part for part in path.split("/") if part and not is_id(part)]
    return words_of(parts[-1]) if parts else frozenset()


def is_id(part: str) -> bool:
    """Whether a part of a path is an id: a number, a UUID, or letters and figures as machines draw them."""
    return bool(_NUMBER.fullmatch(part) or _UUID.fullmatch(part) or _HEX.fullmatch(part))


def is_opaque(value: str) -> bool:
    """Whether a value is so particular that it hardly occurs twice by chance."""
    if _DATE.fullmatch(value):
        return False
    return bool(_UUID.fullmatch(value) or _DRAWN.fullmatch(value) or re.fullmatch(r"\d{5,}", value))


def unused(name: str, names: Container[str]) -> str:
    """A name that is not among others: itself, or with a number behind it."""
    return next(
        each for number in count(1) if (each := name if number == 1 else f"{name}_{number}") not in names
    )


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word
