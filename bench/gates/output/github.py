"""A judgement as annotations: lines of a job's log that GitHub shows next to the change.

Format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.gates.output.changes import change_title, summary
from bench.model.change import Judgement

_LEVELS = {"regressed": "error", "inconclusive": "warning"}


def workflow_commands(judgement: Judgement) -> Iterator[str]:
    """An error for each regressed change, then a warning for each inconclusive one that counts."""
    for verdict, level in _LEVELS.items():
        for one in judgement.changes:
            if one.verdict == verdict and one.counts:
                title = f"{verdict}: {change_title(judgement, one)}"
                message = "\n".join([summary(one), *one.why])
                yield f"::{level} title={_property(title)}::{_data(message)}"


def _data(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
