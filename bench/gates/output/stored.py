"""A judgement out of the JSON that a gate wrote, perhaps in an earlier step of a job."""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError

from bench.errors import UsageError
from bench.model.change import Change, Judgement

_ROWS = TypeAdapter(tuple[Change, ...])
_NOTES = TypeAdapter(tuple[str, ...])


def read_judgement(text: str, source: str) -> Judgement:
    """The judgement in a gate's JSON; `source` is the name of the file. Raises UsageError for any other text."""
    try:
        document = json.loads(text)
        return Judgement(
            title=str(document["title"]),
            changes=_ROWS.validate_python(document["rows"]),
            notes=_NOTES.validate_python(document["notes"]),
        )
    except (ValueError, LookupError, TypeError, ValidationError, RecursionError):
        raise UsageError(
            f"{source}: not the JSON of a gate; `bench exact` and `bench ab` write it with --format json, or with "
            "--out and a folder"
        ) from None
