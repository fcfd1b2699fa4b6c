"""Bodies of forms, made by another library."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.starter.recording.exchanges import FormPart
from bench.starter.recording.multipart import parse_parts

_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9 _.-]{0,12}", fullmatch=True).map(str.strip)


@given(
    st.lists(
        st.tuples(_NAMES, st.binary(min_size=1, max_size=200)), min_size=1, unique_by=lambda pair: pair[0]
    )
)
@settings(deadline=None)
def test_parts_come_back(fields: list[tuple[str, bytes]]) -> None:
    lines = [
        f'--b0undary\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.bin"\r\n'.encode()
        + b"content-type: image/png\r\n\r\n"
        + content
        + b"\r\n"
        for name, content in fields
    ]
    body, kind = b"".join(lines) + b"--b0undary--\r\n", "multipart/form-data; boundary=b0undary"
    assert parse_parts(body, kind) == tuple(
        FormPart(name=name, content=content, file_name=f"{name}.bin", content_type="image/png")
        for name, content in fields
    )


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_file_without_its_content_is_read_from_a_file_of_its_name(end: str) -> None:
    lines = [
        "--x",
        'Content-Disposition: form-data; name="f"; filename="C:\\dir\\a.png"',
        "",
        "",
        "--x--",
        "",
    ]
    (found,) = parse_parts(end.join(lines).encode(), 'multipart/form-data; boundary="x"')
    assert (found.name, found.content, found.path) == ("f", b"", "a.png")


@pytest.mark.parametrize(
    "body", [b"", b"--x--", b"nothing", b"--x\r\n\r\n\r\n--x--", b"--x\r\nname\r\n--x--"]
)
def test_a_body_of_another_form_has_no_parts(body: bytes) -> None:
    assert parse_parts(body, "multipart/form-data; boundary=x") == ()
    assert parse_parts(body, "multipart/form-data") == ()
