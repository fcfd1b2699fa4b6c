"""`bench history`: what each commit measured, kept and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli._options import LATEST, option
from bench.cli._terminal import note, say, short_path, write_file
from bench.errors import UsageError
from bench.history import page, report
from bench.history.chart import CommitPage
from bench.history.entry import Entry, current
from bench.history.figures import EntryFigures, EntryIdentity, identify_run, of_judgement, of_run
from bench.history.report import History
from bench.history.store import Branch, Folder, Place
from bench.measure.store import read_run
from bench.model.commit import Commit
from bench.model.facts import RunFacts, read_host
from bench.model.service import GitFacts
from bench.results.results import understand
from bench.system import git, host

_FOLDER = Path("reports/history")
_FORMATS = "text|json|html"
_URL_HELP = "Page of a commit, as in https://host/owner/repo/commit/{commit} [as origin has it]."

_Format = Literal["text", "json", "html"]
ToBranch = Annotated[str | None, option("A git branch of its own, not a folder.", "NAME")]

commands = typer.Typer(
    add_completion=False, rich_markup_mode=None, context_settings={"max_content_width": 110}
)


@commands.callback(invoke_without_command=True)
def history(context: typer.Context) -> None:
    """Keep what each commit measured, and show how it moved."""
    if context.invoked_subcommand is None:
        say(context.get_help())


@commands.command()
def add(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run's folder, or JSON written by bench exact.")
    ] = LATEST,
    to: Annotated[Path | None, option(f"Where history.jsonl is kept [{_FOLDER}].", "FOLDER")] = None,
    branch: ToBranch = None,
    anchor: Annotated[
        str | None, option("Cell of the run that the others are measured against.", "SETUP/SCENARIO")
    ] = None,
    commit: Annotated[str | None, option("Commit that was measured [the run's own, or HEAD].", "REF")] = None,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Keep what was measured with changes that no commit holds.")
    ] = False,
) -> None:
    """Add what was measured to the history of its commit.

    Figures of a run are kept as ratios to its anchor, a cell that no change of the app can touch: a slow day of the
    machine slows both. What bench exact counts needs none. A commit has one entry for each machine and anchor: the
    last one added counts, and earlier lines stay in the file.

    \b
    bench run history && bench history add reports/latest
    bench exact --format json --out exact.json && bench history add exact.json --branch bench-history
    """
    figures, identity, when = _read_figures(run, anchor)
    subject = _find_commit(commit, identity.git)
    _check_clean(subject, dirty)
    entry = Entry(
        commit=subject,
        when=when,
        machine=identity.machine,
        run=run.resolve().name,
        anchor=figures.anchor,
        series=figures.series,
        versions=identity.versions,
        caveats=figures.caveats,
        service=identity.service,
        harness=identity.harness,
    )
    place = _place(to, branch)
    place.add(entry)
    for sentence in figures.left_out:
        note(sentence)
    say(_summary(entry, place))


@commands.command()
def show(
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help=f"Where history.jsonl is kept [{_FOLDER}]."),
    ] = None,
    branch: ToBranch = None,
    form: Annotated[
        _Format | None,
        typer.Option("--format", metavar=_FORMATS, help="Of the result [by the name of --out, else text]."),
    ] = None,
    out: Annotated[
        Path | None, option("Where the result is written, besides the text shown.", "FILE")
    ] = None,
    commit_url: Annotated[str | None, option(_URL_HELP, "URL")] = None,
) -> None:
    """Show how each figure moved from commit to commit, and where its level changed.

    \b
    bench history show
    bench history show --out history.html
    bench history show --branch bench-history --format json
    """
    address = _address(commit_url)
    place = _place(from_, branch)
    stored = place.read()
    if stored.torn:
        note(f"{place.name}: the last line was cut off while it was written, and is left out")
    if not stored.entries:
        raise UsageError(f"{place.name}: there is no history; `bench history add RUN` begins one")
    trends = report.build_history(current(stored.entries))
    form = form or _form(out)
    text = _render(trends, form, address)
    if out is None:
        say(text.rstrip("\n"))
        return
    write_file(out, text)
    say(f"{report.render_text(trends)}\n{form}: {short_path(out)}")


def _read_figures(path: Path, anchor: str | None) -> tuple[EntryFigures, EntryIdentity, str]:
    """The figures of a run or of `bench exact`, what was measured, and when."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if not path.is_file():
        run = read_run(path)
        return of_run(understand(run), anchor), identify_run(run.facts), run.facts.started_at or now
    if anchor:
        raise UsageError(f"--anchor belongs to runs; {path} holds exact figures, which need none")
    try:
        judgement = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path}: neither a run's folder nor JSON: {error}") from None
    figures = of_judgement(judgement, str(path))
    facts = RunFacts(host=replace(read_host(host.fingerprint()), git=None))
    return figures, identify_run(facts), now


def _find_commit(ref: str | None, known: GitFacts | None) -> Commit:
    """The commit that was measured: the one named, else the run's own, else the one that is checked out."""
    here = git.root(Path.cwd())
    own = known.commit if known else None
    wanted = ref or own or "HEAD"
    commit = git.commit(here, wanted)
    if commit is None and ref is None and own:
        raise UsageError(
            f"the run was made with commit {own[:10]}, which is not in this repository; name what it measured with "
            "--commit REF"
        )
    if commit is None:
        raise UsageError(
            f"'{wanted}' names no commit here; is it fetched? (git fetch --unshallow, git fetch origin)"
        )
    if known and commit.hash == own:
        return replace(commit, dirty=known.dirty)
    return commit if ref or own else replace(commit, dirty=git.is_dirty(here))


def _check_clean(commit: Commit, allowed: bool) -> None:
    if commit.dirty and not allowed:
        raise UsageError(
            f"measured with changes on top of {commit.short.rstrip('+')} that no commit holds; commit them and measure "
            "again, or keep it all the same with --dirty"
        )


def _place(folder: Path | None, branch: str | None) -> Place:
    if folder and branch:
        raise UsageError("a history is kept in a folder or on a branch, not both")
    return Branch(git.root(Path.cwd()), branch) if branch else Folder(folder or _FOLDER)


def _summary(entry: Entry, place: Place) -> str:
    """One line about an entry that was added."""
    count = sum(map(len, entry.series.values()))
    of = f" of {entry.service}" if entry.service else ""
    kind = f"ratios to {entry.anchor}" if entry.anchor else "exact counts"
    return f"{entry.commit.short} {entry.commit.subject}: {count} figures{of} ({kind}) added to {place.name}"


def _address(template: str | None) -> CommitPage:
    """A function from a commit to its page on the web, if it has one."""
    if template is not None and not (template.startswith(("https://", "http://")) and "{commit}" in template):
        raise UsageError(f"--commit-url {template}: give a web address with {{commit}} in it")
    known = template or git.commit_url(Path.cwd())
    return lambda commit: known and known.replace("{commit}", commit)


def _form(out: Path | None) -> _Format:
    """The format that the name of a file asks for."""
    suffix = out.suffix if out else ""
    return "html" if suffix in (".html", ".htm") else "json" if suffix == ".json" else "text"


def _render(trends: History, form: _Format, address: CommitPage) -> str:
    if form == "html":
        return page.render(trends, address)
    return report.render_text(trends) if form == "text" else report.render_json(trends)
