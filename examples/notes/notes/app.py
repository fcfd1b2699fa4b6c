"""The app of the notes: `notes.app:app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Litestar, get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

KEPT = 1000


@dataclass
class Draft:
    """A note before it is stored."""

    title: str
    text: str


@dataclass
class Note(Draft):
    """A note that is stored."""

    number: int


_notes = [Note("first", "a note that is always there", 0)]


@get("/notes")
async def newest(limit: Annotated[int, Parameter(ge=1, le=50)] = 10) -> list[Note]:
    """The notes that were written last."""
    return _notes[-limit:]


@get("/notes/{number:int}")
async def note(number: Annotated[int, Parameter(ge=0, le=0)]) -> Note:
    """The note that is always there."""
    if number:
        raise NotFoundException
    return _notes[number]


@post("/notes")
async def write(data: Draft) -> Note:
    """Keep a note; the oldest but one makes room when there are many."""
    written = Note(data.title, data.text, _notes[-1].number + 1)
    _notes.append(written)
    del _notes[1:-KEPT]
    return written


app = Litestar([newest, note, write])
