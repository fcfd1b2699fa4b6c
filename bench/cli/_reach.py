"""Options about how servers that run already are spoken to: in which protocol, and by whose certificates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bench.cli._options import option


@dataclass(frozen=True, slots=True)
class ReachOptions:
    """How the server of an https:// URL is trusted: by the authorities of the system, or as these options say.

    With `http2` each is spoken to in HTTP/2.
    """

    ca: Annotated[
        Path | None, option("PEM file of the authority behind an https:// --url [the system's].", "FILE")
    ] = None
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Take any certificate of an https:// --url.")
    ] = False
    http2: Annotated[bool, typer.Option("--http2", help="Speak HTTP/2, and nothing else, to each --url.")] = (
        False
    )
