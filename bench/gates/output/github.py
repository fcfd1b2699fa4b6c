"""A judgement as annotations: lines of a job's log that GitHub shows beside the change.

Format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.gates.output.changes import summed_up, titled
from bench.model.change import Judgement

_LEVELS = {"regressed": "error", "inconclusive": "warning"}


def annotated(judgement: Judgement) -> Iterator[str]:
    """An error for each change that is worse, then a warning for each that could not be told."""
    for verdict, level in _LEVELS.items():
        for one in judgement.changes:
            if one.verdict == verdict and one.counts:
                title = f"{verdict}: {titled(judgement, one)}"
                told = "\n".join([summed_up(one), *one.why])
                yield f"::{level} title={_property(title)}::{_data(told)}"


def _data(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
