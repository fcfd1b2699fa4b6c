"""Certificates of servers that tests run themselves: right ones, and wrong ones of each kind."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from bench.model.address import Tls


@dataclass(frozen=True)
class Authority:
    """Issues certificates, and stands in the file `pem`."""

    folder: Path
    issuer: trustme.CA = field(default_factory=trustme.CA)

    @property
    def pem(self) -> str:
        path = self.folder / "authority.pem"
        self.issuer.cert_pem.write_to_path(path)
        return str(path)

    @property
    def trusted(self) -> Tls:
        return Tls(ca=self.pem)

    def context(self, *names: str, is_expired: bool = False) -> ssl.SSLContext:
        """A server's side with a certificate for these names, without any for those of this machine."""
        ends = datetime.now(UTC) - timedelta(days=1) if is_expired else None
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf = self.issuer.issue_cert(*(names or ("127.0.0.1", "::1", "localhost")), not_after=ends)
        leaf.configure_cert(made)
        return made


UNTRUSTED = "unable to get local issuer certificate"
