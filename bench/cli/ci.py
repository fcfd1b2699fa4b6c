"""`bench ci`: the gates in the CI of one's own repository."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli._failure import exit_2_on_failure
from bench.cli._options import ScenariosFile, SetupsFile, option
from bench.cli._terminal import note, say, short_path, write_file
from bench.cli._verdict import InconclusiveOption
from bench.errors import UsageError
from bench.gates.output.judgement import headline, markdown
from bench.gates.output.stored import read_judgement
from bench.pipeline.comment import GateReport, compose, exit_status, gravest_outcome, marker
from bench.pipeline.environment import CIJob, read_job
from bench.pipeline.forge import WriteRefusedError
from bench.pipeline.past import render_past
from bench.pipeline.workflow import Workflow, guess_install, guess_python
from bench.report.markdown import plain
from bench.system import git

_VERDICT = "verdict.json"
_DISTRIBUTION = "fastapi-bench"

Gates = Annotated[
    list[Path],
    typer.Argument(metavar="GATE...", help="Folder that a gate wrote with --out, or its JSON."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the result, and write nothing.")]

commands = typer.Typer(
    add_completion=False, rich_markup_mode=None, context_settings={"max_content_width": 110}
)


@commands.callback(invoke_without_command=True)
def ci(context: typer.Context) -> None:
    """Have the gates run in the CI of your repository, and show there what they found."""
    if context.invoked_subcommand is None:
        say(context.get_help())


@commands.command()
def init(
    forge: Annotated[Literal["github", "gitlab"], typer.Argument(metavar="github|gitlab", help="Whose CI.")],
    setup: Annotated[str | None, option("Setup to measure [the commands' own default].")] = None,
    install: Annotated[
        str | None, option("Script that installs the service [by its files].", "SCRIPT")
    ] = None,
    python: Annotated[
        str | None, option("Python of the service [.python-version, or this one's].", "VERSION")
    ] = None,
    branch: Annotated[str | None, option("Whose commits are kept in the history [origin's own].")] = None,
    harness: Annotated[
        str | None, option(f"What pipx installs as the harness [{_DISTRIBUTION}==VERSION].", "REQUIREMENT")
    ] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    dry_run: DryRun = False,
) -> None:
    """Write a workflow for this repository: both gates on each request, a comment, and a history.

    The file is commented, and yours to edit; one that is there is never overwritten. In a folder below the top of the
    repository the workflow is that folder's own, so several services can have one each.

    \b
    bench ci init github
    bench ci init github --install "uv sync --frozen" --python 3.13
    bench ci init gitlab --dry-run
    """
    here = Path.cwd()
    root = git.root(here)
    workflow = Workflow(
        forge=forge,
        folder=_below(root, here),
        branch=branch or _default_branch(root),
        python=python or guess_python(here, f"{sys.version_info.major}.{sys.version_info.minor}"),
        harness=harness or _pinned(),
        install=install or guess_install(here),
        setup=setup or "",
        files=_files(setups, scenarios),
    )
    text, path = workflow.render(), workflow.path(root)
    if dry_run:
        say(text.rstrip("\n"))
        return
    if path.exists():
        raise UsageError(f"{short_path(path)} is there already; move it away, or look at --dry-run")
    write_file(path, text)
    say(f"{short_path(path)} is written; try its commands here first, then commit it and open a pull request")
    if forge == "gitlab" and path.name != ".gitlab-ci.yml":
        say(f"GitLab reads it when .gitlab-ci.yml has the lines:\n\ninclude:\n  - local: {path.name}")


@commands.command()
def comment(
    gates: Gates,
    request: Annotated[
        int | None,
        typer.Option("--number", min=1, metavar="N", help="Pull request [that of the job's event]."),
    ] = None,
    key: Annotated[str, option("Which comment it is, where a request has several.")] = "performance",
    history: Annotated[
        Path | None, option("JSON of `bench history show`, shown below; may be missing.", "FILE")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Write what the gates found under the pull request, in place of what was written there before.

    The job's own variables name the request: on GitHub it needs GITHUB_TOKEN with `pull-requests: write`, on GitLab
    GITLAB_TOKEN with the scope `api`. Where the token can only read, as in a pull request from a fork, the text goes
    to the job's summary, and the status is 0. A folder without a verdict counts as a gate that failed.

    \b
    bench ci comment reports/ci/exact reports/ci/ab
    bench ci comment reports/ci/*/ --dry-run
    """
    if not re.fullmatch(r"[\w./-]+", key) or "--" in key:
        raise UsageError(f"--key {key}: letters, digits and the signs . / _ - make a key, no two - in a row")
    reports = [_read_report(path) for path in gates]
    past = _read_past(history) if history else ""
    if dry_run:
        say(compose(reports, key, _footer(CIJob()), past).rstrip("\n"))
        return
    job = read_job(os.environ, request)
    text = compose(reports, key, _footer(job), past)
    if job.thread is None:
        _write_summary(job, text, job.reason)
        return
    try:
        say(f"comment {job.thread.put(text, marker(key))}")
    except WriteRefusedError as error:
        if not job.thread.read_only:
            raise
        _write_summary(job, text, f"the token of this pull request can only read ({error})")


@commands.command()
def verdict(gates: Gates, inconclusive: InconclusiveOption = "fail") -> None:
    """Say the gravest verdict of several gates in one word, and end with its status.

    Exit status: 0 no regression, 1 regressed, 2 wrong usage or a gate failed, 3 inconclusive.

    \b
    bench ci verdict reports/ci/exact reports/ci/ab
    """
    with exit_2_on_failure():
        outcome = gravest_outcome([_read_report(path) for path in gates])
        say(outcome)
    raise typer.Exit(exit_status(outcome, inconclusive))


def _read_report(path: Path) -> GateReport:
    """The report of a gate by its JSON, or by the folder that holds it; a file that is not there is a failure."""
    name = path.parent.name if path.name == _VERDICT else path.stem
    file = path if path.suffix == ".json" else path / _VERDICT
    try:
        judgement = read_judgement(file.read_text(encoding="utf-8"), short_path(file))
    except (FileNotFoundError, NotADirectoryError):
        line = f"failed: it left no {_VERDICT}; see the log"
        return GateReport(name=name, outcome="failed", headline=line, body=f"# ❗ {plain(name)} {line}")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from None
    return GateReport(
        name=plain(name),
        outcome=judgement.verdict or "measured",
        headline=plain(headline(judgement)),
        body=markdown(judgement),
    )


def _read_past(path: Path) -> str:
    """The history in a file; nothing where there is none, as before the first entry."""
    try:
        return render_past(path.read_text(encoding="utf-8"), short_path(path))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None


def _footer(job: CIJob) -> str:
    """Which commit was measured, with what, and where the whole of it is."""
    of = f" of {job.commit[:10]}" if job.commit else ""
    whole = f", [the job]({job.page})" if job.page else ""
    return f"{_DISTRIBUTION} {_version() or ''}".rstrip() + of + whole


def _write_summary(job: CIJob, text: str, reason: str) -> None:
    """Show a comment that cannot be written in the job's summary, or else in its log."""
    if job.summary is None:
        note(f"no comment is written: {reason}")
        say(text.rstrip("\n"))
        return
    try:
        with job.summary.open("a", encoding="utf-8") as summary:
            summary.write(f"{text}\n")
    except OSError as error:
        raise UsageError(f"{job.summary}: the job's summary cannot be written: {error.strerror}") from None
    note(f"no comment is written: {reason}")
    say("the text is in the job's summary instead")


def _below(root: Path, folder: Path) -> str:
    """The way from the top of the repository to a folder; empty for the top itself."""
    way = folder.resolve().relative_to(root.resolve())
    return way.as_posix() if way.parts else ""


def _files(setups: Path | None, scenarios: Path | None) -> tuple[str, ...]:
    """The words that name the service's own files. Raises UsageError where one is not there."""
    words: list[str] = []
    for name, path in (("--setups", setups), ("--scenarios", scenarios)):
        if path and not path.is_file():
            raise UsageError(f"{name} {path}: there is no such file")
        words += [name, short_path(path)] if path else []
    return tuple(words)


def _default_branch(root: Path) -> str:
    """The default branch of origin as this clone knows it, else `main`."""
    known = git.text(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    return known.removeprefix("origin/") if known else "main"


def _pinned() -> str:
    """This very harness. Raises UsageError where it was not installed, as its version is then unknown."""
    own = _version()
    if own is None:
        raise UsageError(
            "the version of this harness is unknown; name what pipx shall install with --harness"
        )
    return f"{_DISTRIBUTION}=={own}"


def _version() -> str | None:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return None
