"""Values that no session uses twice: in no cell, engine, process or round, and in no run before."""

from __future__ import annotations

import itertools
import os
import secrets

_counter = itertools.count()
_prefix = secrets.token_hex(8)


def unique() -> str:
    """Text of 24 hexadecimal digits that is never given twice: `f"{unique()}@example.org"`.

    It is not drawn from the user's random numbers, as a seed would repeat it: two runs with one seed differ in it. All
    values have one length, so that bodies that contain them have, too.
    """
    return f"{_prefix}{next(_counter):08x}"


def _begin_anew() -> None:
    global _prefix
    _prefix = secrets.token_hex(8)


os.register_at_fork(after_in_child=_begin_anew)
