"""Rules from made-up records, and the one of an advice."""

from __future__ import annotations

from bench.model.record import Caveat, Record
from bench.results.cells import gather
from bench.results.study.ladder import ladders
from bench.results.study.rule import Rule
from bench.results.study.rules import rules

GROWS = (Caveat("victim-grows", "900 ms in the first third, 2,700 ms in the last"),)


def made(*records: tuple[Record, ...]) -> list[Rule]:
    found = gather([one for some in records for one in some])
    return list(rules(ladders(found), found))


def of(advice: str, found: list[Rule]) -> Rule:
    (rule,) = [rule for rule in found if rule.advice == advice]
    return rule
