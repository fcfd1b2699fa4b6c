"""The one form of a finding about this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One property of the machine: whether it is well, what was seen, and the advice where it is not."""

    subject: str
    well: bool
    seen: str
    advice: str = ""
