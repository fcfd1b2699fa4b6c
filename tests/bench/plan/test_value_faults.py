"""Sentences on values, from the errors that pydantic gives for a table of every kind of key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from bench.plan.value_faults import explain_value


class _Table(BaseModel, strict=True):
    kind: Literal["red", "green"] = "red"
    level: Literal[1, 2] = 1
    count: Annotated[int, Field(ge=1, lt=9)] = 1
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    on: bool = True
    names: Annotated[tuple[str, ...], Field(min_length=1)] = ("a",)
    env: dict[str, str] = {}
    password: str = ""


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt word": ({"kind": "gren"}, "unknown kind 'gren'; did you mean 'green'?"),
    "another word": ({"kind": "x"}, "unknown kind 'x'; there are: green, red"),
    "a number for a word": ({"kind": 3}, 'write "red" or "green", not 3'),
    "none of some numbers": ({"level": 3}, "write 1 or 2, not 3"),
    "a number in quotes": ({"count": "2"}, 'write a whole number, not "2"'),
    "half a number": ({"count": 1.5}, "write a whole number, not 1.5"),
    "too few": ({"count": 0}, "0 is out of range; the least is 1"),
    "too many": ({"count": 9}, "9 is out of range; give less than 9"),
    "nothing": ({"share": 0.0}, "0.0 is out of range; give more than 0"),
    "too large": ({"share": 2.0}, "2.0 is out of range; the most is 1"),
    "a number for a switch": ({"on": 1}, "write true or false, not 1"),
    "text for a list": ({"names": "a"}, 'write a list, not "a"'),
    "an empty list": ({"names": ()}, "names nothing; give one at least"),
    "text for a table": ({"env": "A=1"}, 'write a table, not "A=1"'),
    "a number for text": ({"env": {"A": 1}}, "write text in quotes, not 1"),
    "a secret": ({"password": 12345}, "write text in quotes, not ***"),
}


@pytest.mark.parametrize(("table", "said"), CASES.values(), ids=CASES)
def test_a_value_that_cannot_be_gets_a_sentence(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Table(**table)
    fault = caught.value.errors()[0]
    assert explain_value(fault, ".".join(map(str, fault["loc"]))) == said
