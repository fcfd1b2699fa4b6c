"""`bench history`: what each commit measured, kept and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli._options import named
from bench.cli._terminal import note, say, shown

if TYPE_CHECKING:
    from bench.history.chart import Address
    from bench.history.entry import Entry
    from bench.history.figures import EntryFigures
    from bench.history.report import History
    from bench.history.store import Place
    from bench.model.commit import Commit
    from bench.model.facts import GitFacts, HostFacts

_FOLDER = Path("reports/history")
_FORMATS = "text|json|html"
_URL_HELP = "Page of a commit, as in https://host/owner/repo/commit/{commit} [as origin has it]."

ToBranch = Annotated[str | None, named("A git branch of its own, not a folder.", "NAME")]

commands = typer.Typer(rich_markup_mode=None, context_settings={"max_content_width": 110})


@commands.callback(invoke_without_command=True)
def history(context: typer.Context) -> None:
    """Keep what each commit measured, and show how it moved."""
    if context.invoked_subcommand is None:
        say(context.get_help())


@commands.command()
def add(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run's folder, or JSON written by bench exact.")
    ] = Path("reports/latest"),
    to: Annotated[Path | None, named(f"Where history.jsonl is kept [{_FOLDER}].", "FOLDER")] = None,
    branch: ToBranch = None,
    anchor: Annotated[
        str | None, named("Cell of the run that the others are measured against.", "SETUP/SCENARIO")
    ] = None,
    commit: Annotated[str | None, named("Commit that was measured [the run's own, or HEAD].", "REF")] = None,
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
    from bench.history.entry import Entry
    from bench.history.figures import machine, versions

    measured, host, when = _measured(run, anchor)
    found = _commit(commit, host.git)
    _check_clean(found, dirty)
    entry = Entry(
        found,
        when,
        machine(host),
        run.resolve().name,
        measured.anchor,
        measured.series,
        versions(host),
        measured.caveats,
    )
    place = _place(to, branch)
    place.add(entry)
    for words in measured.left_out:
        note(words)
    say(_added(entry, place))


@commands.command()
def show(
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help=f"Where history.jsonl is kept [{_FOLDER}]."),
    ] = None,
    branch: ToBranch = None,
    form: Annotated[
        Literal["text", "json", "html"] | None,
        typer.Option("--format", metavar=_FORMATS, help="Of the result [by the name of --out, else text]."),
    ] = None,
    out: Annotated[Path | None, named("Where the result is written, besides the text shown.", "FILE")] = None,
    commit_url: Annotated[str | None, named(_URL_HELP, "URL")] = None,
) -> None:
    """Show how each figure moved from commit to commit, and where its level changed.

    \b
    bench history show
    bench history show --out history.html
    bench history show --branch bench-history --format json
    """
    from bench.errors import UsageError
    from bench.history import report as report
    from bench.history.entry import current

    address = _address(commit_url)
    place = _place(from_, branch)
    kept = place.read()
    if kept.torn:
        note(f"{place.name}: the last line was cut off while it was written, and is left out")
    if not kept.entries:
        raise UsageError(f"{place.name}: there is no history; `bench history add RUN` begins one")
    told = report.history(current(kept.entries))
    form = form or _form(out)
    result = _rendered(told, form, address)
    if out is None:
        say(result.rstrip("\n"))
        return
    _write(out, result)
    say(f"{report.text(told)}\n{form}: {shown(out)}")


def _measured(path: Path, anchor: str | None) -> tuple[EntryFigures, HostFacts, str]:
    """The figures, the host's facts, and when it was measured."""
    import json
    from dataclasses import replace
    from datetime import UTC, datetime

    from bench.errors import UsageError
    from bench.history.figures import of_judgement, of_run
    from bench.measure.store import read_run
    from bench.model.facts import HostFacts, read_host
    from bench.results.results import understand
    from bench.system import host

    now = datetime.now(UTC).isoformat(timespec="seconds")
    if not path.is_file():
        run = read_run(path)
        return of_run(understand(run), anchor), run.facts.host or HostFacts(), run.facts.started_at or now
    if anchor:
        raise UsageError(f"--anchor belongs to runs; {path} holds exact figures, which need none")
    try:
        said = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path}: neither a run's folder nor JSON: {error}") from None
    measured = of_judgement(said, str(path))
    return measured, replace(read_host(host.fingerprint()), git=None), now


def _commit(ref: str | None, known: GitFacts | None) -> Commit:
    """The commit that was measured: the one named, else the run's own, else the one that is checked out."""
    from dataclasses import replace

    from bench.errors import UsageError
    from bench.system import git

    here = git.root(Path.cwd())
    own = known.commit if known else None
    wanted = ref or own or "HEAD"
    found = git.commit(here, wanted)
    if found is None and ref is None and own:
        raise UsageError(
            f"the run was made with commit {own[:10]}, which is not in this repository; name what it measured with "
            "--commit REF"
        )
    if found is None:
        raise UsageError(
            f"'{wanted}' names no commit here; is it fetched? (git fetch --unshallow, git fetch origin)"
        )
    if known and found.hash == own:
        return replace(found, dirty=known.dirty)
    return found if ref or own else replace(found, dirty=git.is_dirty(here))


def _check_clean(commit: Commit, allowed: bool) -> None:
    from bench.errors import UsageError

    if commit.dirty and not allowed:
        raise UsageError(
            f"measured with changes on top of {commit.short.rstrip('+')} that no commit holds; commit them and measure "
            "again, or keep it all the same with --dirty"
        )


def _place(folder: Path | None, branch: str | None) -> Place:
    from bench.errors import UsageError
    from bench.history.store import Branch, Folder
    from bench.system import git

    if folder and branch:
        raise UsageError("a history is kept in a folder or on a branch, not both")
    return Branch(git.root(Path.cwd()), branch) if branch else Folder(folder or _FOLDER)


def _added(entry: Entry, place: Place) -> str:
    figures = sum(map(len, entry.series.values()))
    against = f"ratios to {entry.anchor}" if entry.anchor else "exact counts"
    return f"{entry.commit.short} {entry.commit.subject}: {figures} figures ({against}) added to {place.name}"


def _address(template: str | None) -> Address:
    from bench.errors import UsageError
    from bench.system import git

    if template is not None and not (template.startswith(("https://", "http://")) and "{commit}" in template):
        raise UsageError(f"--commit-url {template}: give a web address with {{commit}} in it")
    known = template or git.commit_url(Path.cwd())
    return lambda commit: known and known.replace("{commit}", commit)


def _rendered(told: History, form: Literal["text", "json", "html"], address: Address) -> str:
    from bench.history import page
    from bench.history import report as report

    if form == "html":
        return page.render(told, address)
    return report.text(told) if form == "text" else report.as_json(told)


def _form(out: Path | None) -> Literal["text", "json", "html"]:
    suffix = out.suffix if out else ""
    return "html" if suffix in (".html", ".htm") else "json" if suffix == ".json" else "text"


def _write(out: Path, content: str) -> None:
    from bench.errors import UsageError

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}") from None
