"""Certificates for servers that we start: for this machine's own names, by an authority that lives as long as we do."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trustme

_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: a server's certificate, its private key (PKCS #8), and the certificate of the authority behind it."""

    cert: Path
    key: Path
    ca: Path


def write_certificate(folder: Path) -> Certificate:
    """Write a certificate into a folder; all of a process have one authority. Only the owner can read the key."""
    authority, cert, key = _issue()
    written = Certificate(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    written.cert.write_bytes(cert)
    written.ca.write_bytes(authority)
    with open(os.open(written.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    return written


@functools.cache
def _issue() -> tuple[bytes, bytes, bytes]:
    """The authority, the certificate and its key."""
    import trustme  # it takes longer to import than all of ours, and few setups need it

    authority = trustme.CA(organization_name="fastapi-bench")
    leaf = authority.issue_cert(*_NAMES)
    chain = b"".join(one.bytes() for one in leaf.cert_chain_pems)
    return authority.cert_pem.bytes(), chain, _pkcs8(leaf)


def _pkcs8(leaf: trustme.LeafCert) -> bytes:
    """The key as granian wants it; all others read it, too."""
    from cryptography.hazmat.primitives import serialization as forms

    key = forms.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
