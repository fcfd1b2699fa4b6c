"""Requests whose body is a form: fields, and files to upload."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from scenarios.callers import beside_caller
from scenarios.mistakes import ScenarioError, caller_place
from scenarios.model import Check, Request

if TYPE_CHECKING:  # Python 3.9 cannot compute them
    Expect = int | tuple[int, ...]
    Files = Mapping[str, "Upload | Sequence[Upload]"]

_UNKNOWN_TYPE = "application/octet-stream"
_types = mimetypes.MimeTypes()  # without the machine's own, so that bodies are the same everywhere


class FormField(NamedTuple):
    """A field of a form with files: its name, its content, and of a file the name and the type."""

    name: str
    content: bytes
    file_name: str = ""
    type: str = ""


class Upload(NamedTuple):
    """A file to upload: its name as the service sees it, its content, and its type."""

    name: str
    content: bytes
    type: str = _UNKNOWN_TYPE


def read_upload(path: str | Path, type: str = "") -> Upload:
    """A file read from disk; the path starts from the folder of the caller's file, and the type is that of its name.

    Raises ScenarioError for a file that cannot be read.
    """
    file = beside_caller(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{file}: {error.strerror or error}", caller_place()) from None
    return Upload(file.name, content, type or _types.guess_type(file.name)[0] or _UNKNOWN_TYPE)


def form_request(
    method: str,
    path: str,
    fields: Mapping[str, object],
    *,
    name: str = "",
    expect: Expect = 200,
    check: Check | None = None,
) -> Request:
    """A request whose body is fields as a browser sends a form; a list is a field that comes several times."""
    body = urlencode(fields, doseq=True).encode()
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    return Request(method, path, body, headers, name=name, expect=expect, check=check)


def upload_request(
    method: str,
    path: str,
    files: Files,
    *,
    fields: Mapping[str, object] | None = None,
    name: str = "",
    expect: Expect = 200,
    check: Check | None = None,
) -> Request:
    """A request that uploads files by field, `{"photo": Upload("cat.png", content)}`, with other fields before them.

    Its body is multipart/form-data. Equal contents give equal bodies.
    """
    parts = [FormField(field, str(value).encode()) for field, value in (fields or {}).items()]
    for field, some in files.items():
        parts += [_file(field, one) for one in ([some] if isinstance(some, Upload) else some)]
    return multipart_request(method, path, parts, name=name, expect=expect, check=check)


def multipart_request(
    method: str,
    path: str,
    parts: Sequence[FormField],
    *,
    headers: tuple[tuple[str, str], ...] = (),
    name: str = "",
    expect: Expect = 200,
    check: Check | None = None,
) -> Request:
    """A request whose body is these fields as multipart/form-data, in this order. Equal fields give equal bodies."""
    made = [_part(one) for one in parts]
    boundary = hashlib.sha256(b"".join(made)).hexdigest()[:32]
    between = f"--{boundary}\r\n".encode()
    body = b"".join(between + part + b"\r\n" for part in made) + f"--{boundary}--\r\n".encode()
    own = (("Content-Type", f"multipart/form-data; boundary={boundary}"), *headers)
    return Request(method, path, body, own, name=name, expect=expect, check=check)


def _file(field: str, file: Upload) -> FormField:
    if not isinstance(file, Upload) or not isinstance(file.content, bytes):
        raise ScenarioError(
            f"field {field!r} is not an Upload of bytes: give Upload('cat.png', content), or read_upload('cat.png')",
            caller_place(),
        )
    return FormField(field, file.content, file.name, file.type)


def _part(part: FormField) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
    head += f'; filename="{_quoted(part.file_name)}"' if part.file_name else ""
    head += f"\r\nContent-Type: {part.type}" if part.type else ""
    return f"{head}\r\n\r\n".encode() + part.content


def _quoted(text: str) -> str:
    """A name within quotes, as browsers write it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
