"""Sentences on values that a key of a file cannot have."""

from __future__ import annotations

import json
import re

from pydantic_core import ErrorDetails

from bench.errors import unknown
from bench.model.secrets import MASK, is_secret_name

_BOUNDS = {"ge": "the least is", "gt": "give more than", "le": "the most is", "lt": "give less than"}
_WANTED = {
    "bool": "true or false",
    "dict": "a table",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "mapping": "a table",
    "string": "text in quotes",
    "tuple": "a list",
}


def explain_value(fault: ErrorDetails, place: str) -> str:
    """A sentence on a value that a key cannot have, from the error of its validation; `place` names the key."""
    value, context = fault["input"], fault.get("ctx", {})
    said = MASK if is_secret_name(place.rpartition(".")[2]) else json.dumps(value)
    for name, words in _BOUNDS.items():
        if name in context:
            return f"{said} is out of range; {words} {context[name]:g}"
    if fault["type"] == "literal_error" and isinstance(value, str):
        known = set(re.findall(r"'(.*?)'", context["expected"])) - {"running"}  # which no file may say
        return str(unknown(place.rpartition(".")[2], value, known))
    if fault["type"] == "literal_error":
        words = context["expected"].replace("'", '"')
        return f"write {words}, not {said}"
    if fault["type"] == "too_short":
        return "names nothing; give one at least"
    wanted = _WANTED.get(fault["type"].partition("_")[0])
    return f"write {wanted}, not {said}" if wanted else f"{fault['msg']}, got {said}"
