"""Where the requests of a load go."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A server's host and port, and how requests name them.

    `prefix` goes before each path; `host_header` is named in place of host and port where it is given.
    """

    host: str
    port: int
    _: KW_ONLY
    host_header: str = ""
    prefix: str = ""

    @property
    def authority(self) -> str:
        """What the Host line says."""
        return self.host_header or self.netloc

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Host and port as a URL, without the prefix."""
        return f"http://{self.netloc}"
