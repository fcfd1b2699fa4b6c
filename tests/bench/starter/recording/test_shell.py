"""Command lines, against what bash itself makes of them."""

from __future__ import annotations

import contextlib
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.starter.recording.shell import commands

LINES = (
    "curl 'http://a/b' -H 'x: y'",
    "curl \\\n  'http://a/?q=1&r=2' \\\n  --compressed",
    "curl 'it'\\''s' a\\ b \"c \\\"d\\\" \\\\ \\n\" ''",
    r"curl $'a\'b\n\t\x41\u00e9\101\\ \"' $'!\u0021' $'\xc3\xa9'",
    "curl a#b '#c' \"#d\"",
    'curl "a\\\nb"',
    "curl a'b'\"c\"$'d'\\e",
    "curl ü€ 'ü€'",
)


def by_bash(line: str) -> tuple[str, ...]:
    """The words that bash gives a command in place of curl."""
    script = f'curl() {{ printf "%s\\0" "$@"; }}\n{line}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=20)
    return tuple(word.decode("utf-8", errors="surrogateescape") for word in done.stdout.split(b"\0")[:-1])


@pytest.mark.parametrize("line", LINES)
def test_words_are_those_of_bash(line: str) -> None:
    (found,) = commands(line)
    assert found.words == ("curl", *by_bash(line))
    assert not found.expansions


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
@settings(deadline=None)
def test_quoted_words_come_back(words: list[str]) -> None:
    (found,) = commands(shlex.join(["curl", *words]))
    assert list(found.words[1:]) == words


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert all(found.words for found in commands(text))


def test_commands_end_where_bash_ends_them_and_know_their_lines() -> None:
    text = (
        "# all of it\ncurl a ;\ncurl b | jq . | head\ncurl c > out.json 2>&1 && curl d &\n\n$ curl e <<< x\n"
    )
    found = list(commands(text))
    assert [(each.words, each.line) for each in found] == [
        (("curl", "a"), 2),
        (("curl", "b"), 3),
        (("curl", "c"), 4),
        (("curl", "d"), 4),
        (("$", "curl", "e"), 6),
    ]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ('curl "$TOKEN" ${ID}', ("$TOKEN", "${ID}")),
        ("curl '$TOKEN' \"\\$ID\" \\$X $'$Y'", ()),
        ("curl $(date) `date`", ("$(", "`", "`")),
    ],
)
def test_what_bash_would_expand_is_named(line: str, names: tuple[str, ...]) -> None:
    assert next(iter(commands(line))).expansions == names


@pytest.mark.parametrize("line", ["curl 'a", 'curl "a', "curl $'a\\'", "\n\ncurl 'a"])
def test_a_quote_that_is_not_closed_is_named_with_its_line(line: str) -> None:
    with pytest.raises(UsageError, match=f"line {line.count(chr(10)) + 1}"):
        list(commands(line))
