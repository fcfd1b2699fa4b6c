"""The one way in which a process that counts or traces fails by itself: its sentence goes to the user."""

from __future__ import annotations


class InsideError(Exception):
    """A version cannot be measured; the message says why."""
