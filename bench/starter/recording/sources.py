"""Where recordings come from: a file, standard input or a schema's URL on this machine; and of which kind they are."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.errors import UsageError
from bench.starter.operations import Operation, document_operations
from bench.starter.recording.curl import read_curl
from bench.starter.recording.exchanges import Traffic
from bench.starter.recording.har import read_har
from bench.system.ports import is_loopback

_KINDS = "a HAR file, an OpenAPI schema (3.x, JSON) or curl lines"
_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The operations of an OpenAPI schema, with its title."""

    title: str
    operations: Sequence[Operation]


def read_source(source: str) -> Traffic | Described:
    """The recording or the schema at a path, a URL of this machine, or `-` for standard input.

    Raises UsageError, with the source's name, for what cannot be read and for what is of no kind that is known.
    """
    try:
        return understand(_text(source))
    except UsageError as error:
        raise UsageError(f"{'standard input' if source == '-' else source}: {error}") from None


def understand(text: str) -> Traffic | Described:
    """A text as the kind that it is of. Raises UsageError."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UsageError(f"it is empty; give {_KINDS}")
    if text.lstrip()[0] in "{[":
        return _of_document(_document(text))
    if "curl" in text and not text.lstrip().startswith(("openapi:", "swagger:")):
        return read_curl(text)
    if text.lstrip().startswith(("openapi:", "swagger:", "---", "#")):
        raise UsageError("it is YAML; a service gives the same schema as JSON, most often at /openapi.json")
    raise UsageError(f"it is neither {_KINDS.replace(' or ', ' nor ')}")


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"its JSON cannot be read: {error}; was the whole file saved?") from None
    except RecursionError:
        raise UsageError("its JSON is nested too deeply") from None


def _of_document(document: Any) -> Traffic | Described:
    if isinstance(document, Mapping):
        if "log" in document:
            return read_har(document)
        if str(document.get("openapi", "")).startswith("3"):
            return _described(document)
        if "swagger" in document:
            raise UsageError(
                "it is Swagger 2.0; convert it to OpenAPI 3 first (https://converter.swagger.io)"
            )
        if isinstance(document.get("info"), Mapping) and "item" in document:
            raise UsageError(
                "it is a Postman collection; record its requests as HAR, or copy them as curl lines"
            )
    raise UsageError(f"it is JSON, but neither {_KINDS.replace(' or ', ' nor ')}")


def _described(document: Mapping[str, Any]) -> Described:
    """The operations of a schema. Raises UsageError when it has none."""
    paths, info = document.get("paths"), document.get("info")
    if not isinstance(paths, Mapping) or not paths:
        raise UsageError("the schema has no paths")
    title = info.get("title") if isinstance(info, Mapping) else None
    return Described(
        title=str(title or "the service"), operations=document_operations(document, _prefix(document))
    )


def _prefix(document: Mapping[str, Any]) -> str:
    """The path below which the operations are: that of the first server."""
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(first, Mapping) or not isinstance(first.get("url"), str):
        return ""
    address: str = first["url"]
    variables = first.get("variables")
    for name, variable in (variables if isinstance(variables, Mapping) else {}).items():
        default = variable.get("default", "") if isinstance(variable, Mapping) else ""
        address = address.replace(f"{{{name}}}", str(default))
    try:
        path = urlsplit(address).path.rstrip("/")
    except ValueError:
        return ""
    return path if path.startswith("/") else ""


# --- reading -------------------------------------------------------------------------------------


def _text(source: str) -> str:
    if source == "-":
        return sys.stdin.buffer.read().decode("utf-8", errors="surrogateescape")
    if "://" in source:
        return _fetch(source)
    try:
        return Path(source).read_bytes().decode("utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}") from None


def _fetch(address: str) -> str:
    """A schema over HTTP. Raises UsageError for another machine, and for any other answer than 200."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError as error:
        raise UsageError(f"it is not a URL: {error}") from None
    if urlsplit(address).scheme not in ("http", "https"):
        raise UsageError("a URL begins with http:// or https://; a file is given by its path")
    if not is_loopback(host):
        raise UsageError(
            "only a schema of this machine is fetched; save it (curl -o openapi.json) and give the file"
        )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(address, timeout=_WITHIN_S) as answer:
            return str(answer.read().decode("utf-8", errors="replace"))
    except (OSError, ValueError) as error:
        raise UsageError(f"it cannot be fetched: {getattr(error, 'reason', None) or error}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing, as a redirect could lead off this machine."""

    def redirect_request(self, *_: Any) -> None:
        return None
