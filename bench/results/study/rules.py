"""When to write an endpoint which way: rules, each with the ratio behind it, shown or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.results.cells import CellResults
from bench.results.findings.finding import SAME
from bench.results.study.ladder import Ladder
from bench.results.study.ratio import Ratio, crossover
from bench.results.study.rule import Rule
from bench.results.study.sidelights import of_rates, of_threads
from bench.stats.format import times
from bench.stats.metrics import CPU, THROUGHPUT, VICTIM_P99, Metric

_UNITS = {THROUGHPUT: "the requests", VICTIM_P99: "the wait of a bystander at p99", CPU: "the CPU a request"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Two variants and a metric of theirs; what to do where the first has more of it, or less."""

    base: str
    head: str
    metric: Metric
    higher: str
    lower: str
    open: str


_QUESTIONS = (
    _Question(
        base="sync",
        head="async",
        metric=THROUGHPUT,
        higher="write it async def",
        lower="write it def",
        open="async def or def",
    ),
    _Question(
        base="sync",
        head="async",
        metric=CPU,
        higher="def spends less CPU",
        lower="async def spends less CPU",
        open="which spends less CPU",
    ),
    _Question(
        base="async",
        head="sync",
        metric=VICTIM_P99,
        higher="async def spares others",
        lower="def spares others",
        open="which of them spares others",
    ),
    _Question(
        base="async",
        head="misuse",
        metric=THROUGHPUT,
        higher="a blocking call in async def serves more, as long as nobody else is to be served",
        lower="never block the event loop",
        open="whether blocking the loop costs requests",
    ),
    _Question(
        base="async",
        head="misuse",
        metric=VICTIM_P99,
        higher="who blocks the loop makes all others wait",
        lower="blocking the loop spares others",
        open="whether blocking the loop makes others wait",
    ),
    _Question(
        base="misuse",
        head="offload",
        metric=THROUGHPUT,
        higher="what must block goes to a thread (run_in_threadpool)",
        lower="a thread does not help what blocks",
        open="whether a thread helps what blocks",
    ),
    _Question(
        base="orjson",
        head="model",
        metric=THROUGHPUT,
        higher="let pydantic write the model",
        lower="write it by orjson, unchecked",
        open="pydantic or orjson",
    ),
)


def rules(ladders: Iterable[Ladder], cells: Sequence[CellResults]) -> tuple[Rule, ...]:
    """The rules that the rounds settle, then those that they do not."""
    ladders = tuple(ladders)
    crowd = [ladder.group for ladder in ladders]
    found = [
        rule
        for ladder in ladders
        for rule in _of_ladder(ladder, f", {ladder.setup}" if crowd.count(ladder.group) > 1 else "")
    ]
    found += [*of_threads(cells), *of_rates(cells)]
    return tuple(sorted(found, key=lambda rule: not rule.shown))


def _of_ladder(ladder: Ladder, where: str) -> Iterator[Rule]:
    for question in _QUESTIONS:
        levels = ladder.ratios(question.base, question.head, question.metric)
        if not levels:
            continue
        yield from _answers(question, levels, ladder, where)
        users = crossover(levels)
        if users is not None and question.metric is THROUGHPUT:
            yield Rule(
                f"{ladder.work}: {question.head} and {question.base} change places",
                f"at about {users:.0f} users{where}",
                tuple(found for found in levels.values() if found.shown),
            )


def _answers(question: _Question, levels: Mapping[int, Ratio], ladder: Ladder, where: str) -> Iterator[Rule]:
    """One rule for each direction that is shown at some level, with the strongest ratio.

    Else one that both are the same where all levels prove it, or that the question is open.
    """
    for direction, advice in (("higher", question.higher), ("lower", question.lower)):
        shown = {users: found for users, found in levels.items() if found.direction == direction}
        if shown:
            users = max(shown, key=lambda users: (not shown[users].grows, shown[users].strength))
            figure = f"{ladder.work} at {_users([users])}{where}: {_ratio_words(question, shown[users])}"
            yield Rule(f"{ladder.work}: {advice}", figure, (shown[users],))
    if not any(found.shown for found in levels.values()):
        said = _span_words(question, [found.comparison.ratio for found in levels.values() if not found.grows])
        figure = f"{ladder.work} at {_users(levels)}{where}: {said}"
        ratios = tuple(sorted(levels.values(), key=lambda found: found.settled))
        same = all(found.settled for found in ratios)
        advice = f"{question.head} and {question.base} are {SAME} in {question.metric.name}"
        yield Rule(f"{ladder.work}: {advice if same else question.open}", figure, ratios)


def _ratio_words(question: _Question, found: Ratio) -> str:
    if found.grows:
        return f"at p99 a bystander waits {found.waits}"
    return _span_words(question, [found.comparison.ratio])


def _span_words(question: _Question, middles: Sequence[float]) -> str:
    if not middles:
        return "a bystander's wait grew for as long as the cells lasted"
    span = " to ".join(dict.fromkeys([times(min(middles)), times(max(middles))]))
    return f"{question.head} {span} {_UNITS[question.metric]} of {question.base}"


def _users(levels: Iterable[int]) -> str:
    few, many = min(levels), max(levels)
    return f"{few} user{'' if few == 1 else 's'}" if few == many else f"{few} to {many} users"
