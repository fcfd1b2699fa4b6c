"""A commit, by which a version of the source is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its full hash, first line and date (ISO 8601). `dirty` are changes on top that no commit holds."""

    hash: str
    subject: str
    date: str
    dirty: bool = False

    @property
    def short(self) -> str:
        """Enough of the hash to name it, with a plus for changes on top."""
        return self.hash[:10] + ("+" if self.dirty else "")
