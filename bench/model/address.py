"""Where the requests of a load go."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server proves who it is: by an authority in the PEM file `ca`, without one by those that the system trusts.

    The certificate must be for `name`, without one for the address's host. Unless it is to `verify`, any will do.
    """

    ca: str = ""
    verify: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's host and port, and how requests name them.

    `prefix` goes before each path; `host_header` is named in place of host and port where it is given. One with a
    `socket`, the path of a Unix socket, is reached there: its host says only how requests name it, its port nothing.
    With `http2` it is spoken to in HTTP/2 from the first byte on (RFC 9113, section 3).
    """

    host: str
    port: int
    _: KW_ONLY
    host_header: str = ""
    prefix: str = ""
    socket: str = ""
    tls: Tls | None = None
    http2: bool = False

    @property
    def authority(self) -> str:
        """The value of the Host line."""
        return self.host_header or (self.host if self.socket else self.netloc)

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Host and port as a URL, or `unix:` and a path; without the prefix."""
        return f"unix:{self.socket}" if self.socket else f"{self.scheme}://{self.netloc}"

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def place(self) -> tuple[str, int]:
        """Host and port, or the Unix socket and 0: no two servers that live at once share it."""
        return (self.socket, 0) if self.socket else (self.host, self.port)

    @property
    def server_name(self) -> str:
        """The name that a certificate must have, which a client says when it opens a connection."""
        return (self.tls.name if self.tls else "") or self.host
