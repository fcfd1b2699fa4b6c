"""Secrets, masked as `***` before anything leaves memory: in variables, command lines, headers, URLs and free text.

A value is masked where its name looks secret, and where it is a token by its form; of a URL only the password goes.
Placeholders (`{tmp}`), references (`$TOKEN`), switches (`on`) and version numbers stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard
from urllib.parse import quote, unquote

from bench.model.plan import Setup

MASK = "***"

_WORDS = frozenset(
    (
        *("SECRET", "SECRETS", "TOKEN", "TOKENS", "PASS", "PWD", "KEY", "KEYS", "CREDS", "DSN", "AUTH"),
        *("AUTHORIZATION", "BEARER", "COOKIE", "COOKIES", "JWT"),
    )
)
"""A name with one of these words looks secret; `KEYBOARD`, `MONKEY`, `AUTHOR` and `keep_alive` have none of them."""
_PARTS = ("PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL")
_ENDS = ("SECRET", "TOKEN", "APIKEY", "SECRETKEY", "ACCESSKEY", "PRIVATEKEY", "AUTHKEY")
_MILD = frozenset({"DSN", "AUTH"})
"""Under a name with no worse word than these, an address is shown, without its password."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_HARMLESS = re.compile(
    r"|true|false|yes|no|on|off|none|null|\*+"  # a switch, or masked already
    r"|v?\d+(\.\d+){1,3}(\.?(dev|post|a|b|rc)\d*)?"  # a version, an address of IPv4
    r"|\{[^{}]*\}|(?-i:\$[A-Z_][A-Z0-9_]*)|\$\{.*\}|<[^<>]*>|%\(\w+\)s",  # a placeholder, or a reference
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d{1,6}|\d{1,6}\.\d{1,6}")

_FREE, _LEAST = 8, 4
"""Characters from which on a value is looked for inside of words, and at all."""

_URL = re.compile(r"(://[^\s:/@'\"]*):(?!\d{1,5}[/?#])([^\s'\"@]{1,1000}(?:@[^\s'\"@/]{0,100}){0,9})@")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^@]*", re.IGNORECASE)
_TOKENS = re.compile(
    r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END[ A-Z0-9_-]*-----|\Z)"
    r"|\b(?:"
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?"  # JSON Web Token
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|gl(?:pat|dt|rt|cbt|ptt|agent|oas)-[\w-]{16,}(?:\.[\w-]+)*"
    r"|(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b|ABSK[\w+/]{60,}=*|AIza[\w-]{30,}|ya29\.[\w-]{16,}"
    r"|sk-[\w-]{16,}|[srp]k_(?:live|test|prod)_\w{8,}|whsec_[\w+/]{16,}"  # OpenAI, Anthropic; Stripe
    r"|xox[abeoprs](?:\.xox[bp])?-[\w-]{8,}|xapp-[\w-]{8,}"  # Slack
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|hf_[A-Za-z]{30,}|rubygems_[a-f0-9]{48}"
    r"|do[opr]_v1_[a-f0-9]{40,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|dapi[a-f0-9]{32}|dp\.pt\.\w{40,}"
    r"|hv[sb]\.[\w-]{20,}|gl(?:sa|c)_[\w+/=-]{30,}|lin_api_\w{32,}|ntn_\w{40,}|PMAK-[\w-]{40,}|sntry[us]_[\w+/=]{40,}"
    r"|pscale_(?:tkn|oauth|pw)_[\w=.-]{20,}|pul-[a-f0-9]{40}|dckr_pat_[\w-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{50,}"
    r")"
)
_HOOK = re.compile(r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w+/]{16,}")
_BEARER = re.compile(r"\b([Bb]earer|[Bb]asic|Token)(\s+)(?=\S*[0-9A-Z=_]|\S{16})[\w.~+/=-]{6,}")
_HEADER = re.compile(
    r"(?<![\w-])((?:proxy-)?authorization|(?:set-)?cookie|api-?key|x-(?:[a-z0-9]+-)*(?:api-?key|key|token|secret|auth|"
    r"password|signature)(?:-[a-z0-9]+)*)(\s*:\s*)(?![\"'\s])[^\r\n\"']+",
    re.IGNORECASE,
)
_PAIR = re.compile(  # KEY=value, key = "value"
    r"(?<![\w.])(?P<name>[A-Za-z_][\w.-]{0,80})(?P<between>=(?!=)|\s=\s(?=[\"']))(?:(?P<quote>[\"'])(?P<quoted>[^\"'\n]*)(?P=quote)"
    r"|(?P<bare>[^\s\"'&;,)\]}]+))"
)
_ENTRY = re.compile(  # 'KEY': 'value', ("x-api-key", "value"), "--token", "value"
    r"(?P<before>(?P<open>[\"'])(?P<dashes>-{0,2})(?P<name>[A-Za-z_][\w.-]*)(?P=open)\s*(?P<between>[:,])\s*[bru]?"
    r"(?P<quote>[\"']))(?P<value>(?:\\.|(?!(?P=quote))[^\n])*)(?P=quote)"
)
_LINE = re.compile(  # API_TOKEN: value, password: value
    r"(?<![\w.-])(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:\w+[_-])?(?:password|passwd|passphrase)|api[_-]?key|\w+_secret|"
    r"\w+_token)(?P<between>:\s+)(?!\$\{)(?P<value>[^\s\"'{\[(]\S*)"
)
_NAME_VALUE = re.compile(r"(-{0,2}([A-Za-z_][\w.-]*)=)(.*)", re.DOTALL)
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*)")

_VARIABLES = frozenset({"env", "settings", "headers"})
COMMANDS = ("args", "command", "prepare")
"""The fields of a setup that are command lines."""


def is_secret_name(name: str) -> bool:
    """Whether a variable, an option or a header of this name holds a secret."""
    return name != "PWD" and any(map(_is_secret_word, _split(name)))


def mask_value(name: str, value: str) -> str:
    """The value of a variable, an option or a header: `***` where its name looks secret."""
    return MASK if _goes(name, value) else mask_text(value)


def mask_variables(variables: Mapping[str, object]) -> dict[str, object]:
    """Variables or headers, each value masked as its name asks for."""
    return {
        name: mask_value(name, value) if isinstance(value, str) else mask_json(value)
        for name, value in variables.items()
    }


def mask_words(words: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """A command line: the value of `--token VALUE`, `--token=VALUE` and `TOKEN=VALUE` is masked."""
    known = tuple(known)
    return [mask_text(_mask_word(word, option), known) for word, option in _with_options(words)]


def mask_text(text: str, known: Iterable[str] = ()) -> str:
    """Free text, such as a log: the values that are `known`, and what looks like a secret in it, are masked."""
    text = _replace_known(text, known)
    text = _URL.sub(rf"\1:{MASK}@", text)
    text = _TOKENS.sub(MASK, text)
    text = _HOOK.sub(rf"\1{MASK}", text)
    text = _HEADER.sub(rf"\1\2{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _ENTRY.sub(_mask_entry, text)
    text = _PAIR.sub(_mask_pair, text)
    return _LINE.sub(_mask_line, text)


def mask_json(value: object, known: Iterable[str] = ()) -> object:
    """JSON, or what becomes JSON: variables, headers and command lines by name, any other text as `mask_text` does."""
    known = tuple(known)
    if isinstance(value, str):
        return mask_text(value, known)
    if isinstance(value, (list, tuple)):
        return [mask_json(one, known) for one in value]
    if not isinstance(value, Mapping):
        return value
    env = value.get("env")
    own = (*known, *secret_values(env)) if isinstance(env, Mapping) else known
    return {name: _mask_field(name, one, own) for name, one in value.items()}


def secret_values(variables: Mapping[str, object]) -> tuple[str, ...]:
    """The secrets in variables, as a log may spell them; those of fewer than 4 characters are left out."""
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    return _spell(secret for name, value in texts.items() for secret in _secrets_in(name, value))


def secret_words(words: Iterable[str]) -> tuple[str, ...]:
    """The secrets on a command line, spelt as `secret_values` does."""
    pairs = [(option, word) for word, option in _with_options(words)]
    pairs += [(found[2], found[3]) for _, word in pairs if (found := _NAME_VALUE.fullmatch(word))]
    return _spell(secret for name, value in pairs for secret in _secrets_in(name, value))


def secrets_of(setup: Setup) -> tuple[str, ...]:
    """The secrets in the environment and in the command lines of a setup, for `mask_text`."""
    return (*secret_values(setup.env), *secret_words((*setup.args, *setup.command, *setup.prepare)))


def _split(name: str) -> list[str]:
    return [word.upper() for word in _WORD.findall(name)]


def _is_secret_word(word: str) -> bool:
    return word in _WORDS or word.endswith(_ENDS) or any(part in word for part in _PARTS)


def _goes(name: str, value: str) -> bool:
    """Whether a value is masked as a whole."""
    if not is_secret_name(name) or _HARMLESS.fullmatch(value.strip()):
        return False
    *_, last = words = _split(name)
    if not _is_secret_word(last) and _FIGURE.fullmatch(value):
        return False  # TOKEN_TTL_S=3600
    mild = all(word in _MILD for word in words if _is_secret_word(word))
    return not (mild and (_ADDRESS.fullmatch(value) or _URL.search(value)))


def _secrets_in(name: str, value: str) -> Iterator[str]:
    if _goes(name, value):
        yield value.strip()
        yield from (line.strip() for line in value.splitlines())
    else:
        yield from (found[2] for found in _URL.finditer(value))


def _spell(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each as it is, in a URL, and as the text of a Python or JSON value."""
    spellings = (
        spelling
        for secret in secrets
        for spelling in (
            *(secret, unquote(secret), quote(secret, safe="")),
            *(repr(secret)[1:-1], json.dumps(secret)[1:-1]),
        )
        if len(secret) >= _LEAST and not _HARMLESS.fullmatch(secret)
    )
    return tuple(dict.fromkeys(spellings))


def _replace_known(text: str, known: Iterable[str]) -> str:
    longest_first = sorted(set(known), key=len, reverse=True)
    parts = (
        re.escape(one) if len(one) >= _FREE else rf"(?<!\w){re.escape(one)}(?!\w)" for one in longest_first
    )
    return re.sub("|".join(parts), MASK, text) if longest_first else text


def _mask_entry(found: re.Match[str]) -> str:
    """In a list, only what is an option or a header is the name of the next word."""
    name = found["name"]
    names = found["between"] == ":" or found["dashes"] or _HEADER.fullmatch(f"{name}:x")
    if not names or not _goes(name, found["value"]):
        return found[0]
    return f"{found['before']}{MASK}{found['quote']}"


def _mask_pair(found: re.Match[str]) -> str:
    """A bare `key=` is most often an argument in a quoted line of Python."""
    value = found["bare"] if found["quoted"] is None else found["quoted"]
    if found["name"] == "key" or not _goes(found["name"], value):
        return found[0]
    mark = found["quote"] or ""
    return f"{found['name']}{found['between']}{mark}{MASK}{mark}"


def _mask_line(found: re.Match[str]) -> str:
    return f"{found['name']}{found['between']}{MASK}" if _goes(found["name"], found["value"]) else found[0]


def _with_options(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each word with the name of the option before it, if it is the value of one."""
    option = ""
    for word in words:
        found = _OPTION.fullmatch(word)
        yield word, "" if found else option
        option = found[1] if found else ""


def _mask_word(word: str, option: str) -> str:
    if option and _goes(option, word):
        return MASK
    found = _NAME_VALUE.fullmatch(word)
    return f"{found[1]}{MASK}" if found and _goes(found[2], found[3]) else word


def _mask_field(name: str, value: object, known: tuple[str, ...]) -> object:
    if name in _VARIABLES and isinstance(value, Mapping):
        return mask_variables(value)
    if name in COMMANDS and _are_words(value):
        return mask_words(value, known)
    return mask_json(value, known)


def _are_words(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
