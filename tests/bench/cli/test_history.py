"""`bench history`, in a repository, on runs that were made up; one real run at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cli.history import add, show
from bench.errors import UsageError
from bench.history.store import FILE
from bench.measure.store import RunFolder
from bench.model.record import Record
from tests.bench.builders import facts, repeats
from tests.bench.program import bench, bench_here
from tests.bench.repository import git, made

ANCHOR = repeats("anchor", "ping", 2000.0, 2000.0)
NAME = "uvicorn / noop-async / native, 32 users"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a run of its last commit; the current folder."""
    root = made(tmp_path)
    monkeypatch.chdir(root)
    measure(root / "run")
    return root


def measure(
    folder: Path,
    throughput: float = 1000.0,
    *,
    sha: str | None = "HEAD",
    dirty: bool = False,
    anchor: bool = True,
    more: dict[str, object] | None = None,
) -> None:
    """Write a run that says it measured a commit."""
    if sha == "HEAD":
        sha = git(folder.parent, "rev-parse", "HEAD")
    known = facts(python="CPython 3.11.2", git={"commit": sha, "dirty": dirty} if sha else None)
    records: list[Record] = [
        *(ANCHOR if anchor else ()),
        *repeats("uvicorn", "noop-async", throughput, throughput),
    ]
    written = RunFolder(folder, known | (more or {}))
    for record in records:
        written.add(record)


def shown(capsys: pytest.CaptureFixture[str], **options: object) -> list[dict[str, object]]:
    """The throughputs that `show` knows, oldest first."""
    capsys.readouterr()
    show(form="json", **options)  # type: ignore[arg-type]
    (line,) = [one for one in json.loads(capsys.readouterr().out)["lines"] if one["metric"] == "throughput"]
    points: list[dict[str, object]] = line["points"]
    return points


def test_a_run_becomes_an_entry_of_its_commit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(Path("run"))
    said = capsys.readouterr().out
    assert said.startswith(
        f"{git(here, 'rev-parse', 'HEAD')[:10]} second: 5 figures (ratios to anchor / ping / native"
    )
    assert said.endswith(f"added to reports/history/{FILE}\n")
    (entry,) = map(json.loads, Path("reports/history", FILE).read_text().splitlines())
    assert entry["commit"] == {
        "hash": git(here, "rev-parse", "HEAD"),
        "subject": "second",
        "date": "2026-11-02T10:00:00+01:00",
        "dirty": False,
    }
    assert (entry["run"], entry["when"]) == ("run", "2026-11-24T16:20:00+00:00")
    assert entry["machine"]["about"] == "AMD EPYC 7B13, 2 cores, kvm, CPython 3.11"
    assert entry["versions"]["uvicorn"] == "0.54.0"
    assert entry["series"][NAME]["throughput"] == {"value": 0.5, "low": 0.5, "high": 0.5, "n": 2}


def test_no_raw_figure_is_kept(here: Path) -> None:
    """Twice as fast a machine leaves the same figures."""
    add(Path("run"))
    entry = json.loads(Path("reports/history", FILE).read_text())
    assert {figure["value"] for figure in entry["series"][NAME].values()} == {0.5, 1.0}


def test_the_commit_of_the_run_counts_not_the_one_that_is_checked_out(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(here / "older", 500.0, sha=git(here, "rev-parse", "HEAD~1"))
    add(Path("run"))
    add(Path("older"))
    assert [(point["subject"], point["value"]) for point in shown(capsys)] == [
        ("first", 0.25),
        ("second", 0.5),
    ]


def test_a_commit_added_again_counts_once_and_the_last_time(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(here / "again", 1500.0)
    add(Path("run"))
    add(Path("again"))
    assert [point["value"] for point in shown(capsys)] == [0.75]
    assert len(Path("reports/history", FILE).read_text().splitlines()) == 2


def test_a_branch_in_place_of_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(Path("run"), branch="bench-history")
    assert [point["value"] for point in shown(capsys, branch="bench-history")] == [0.5]
    assert git(here, "ls-tree", "--name-only", "bench-history") == FILE
    assert git(here, "status", "--porcelain") == "?? run/"


def test_changes_on_top_are_refused_and_kept_where_asked(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(here / "changed", dirty=True)
    with pytest.raises(UsageError, match=r"changes on top of .* that no commit holds; .* --dirty"):
        add(Path("changed"))
    add(Path("changed"), dirty=True)
    assert [point["dirty"] for point in shown(capsys)] == [True]


def test_a_run_of_another_repository_needs_to_be_told_its_commit(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(here / "other", sha="1" * 40)
    with pytest.raises(
        UsageError, match=r"made with commit 1111111111, which is not in this repository; .*--commit"
    ):
        add(Path("other"))
    add(Path("other"), commit="HEAD~1")
    assert [point["subject"] for point in shown(capsys)] == ["first"]


def test_a_run_that_knows_no_commit_is_of_the_one_checked_out_unless_that_has_changes(here: Path) -> None:
    measure(here / "unknown", sha=None)
    (here / "app.py").write_text("changed")
    with pytest.raises(UsageError, match="that no commit holds"):
        add(Path("unknown"))
    git(here, "checkout", "app.py")
    add(Path("unknown"))  # the runs themselves are no changes
    assert json.loads(Path("reports/history", FILE).read_text())["commit"]["subject"] == "second"


def test_a_run_of_a_service_is_of_the_service_s_commit(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The harness is from elsewhere: its own commit is in another repository, if anywhere."""
    service = {
        "name": "shop",
        "setups": ["uvicorn"],
        "git": {"commit": git(here, "rev-parse", "HEAD~1"), "dirty": False},
        "python": "CPython 3.13.1",
        "packages": {"fastapi": "0.115.0"},
    }
    measure(here / "own", sha="1" * 40, more={"services_under_test": [service]})
    add(Path("own"))
    assert " of shop (ratios to anchor" in capsys.readouterr().out
    entry = json.loads(Path("reports/history", FILE).read_text())
    assert (entry["commit"]["subject"], entry["service"]) == ("first", "shop")
    assert entry["versions"] == {"python": "CPython 3.13.1", "fastapi": "0.115.0"}
    assert entry["harness"]["uvicorn"] == "0.54.0"
    assert entry["machine"]["about"].endswith("CPython 3.13")
    show()
    assert "History of 1 commit of shop" in capsys.readouterr().out
    show(out=Path("page.html"))
    assert "<dt>service</dt><dd>shop</dd>" in Path("page.html").read_text()


def test_exact_figures_are_kept_as_they_are(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "noop-async", "metric": "instructions", "head": 435_696.0, "mde": 0.001}]
    Path("exact.json").write_text(json.dumps({"verdict": None, "rows": rows}))
    (here / ".git" / "info" / "exclude").write_text("run\nexact.json\nreports\n")
    add(Path("run"))
    add(Path("exact.json"))
    show()
    said = capsys.readouterr().out
    assert [line.split()[:3] for line in said.splitlines() if "instructions" in line][:1] == [
        ["noop-async", "instructions", "435,696"]
    ]
    assert NAME in said  # the run's entry of the same commit is still there


def test_a_page_links_to_where_origin_shows_the_commits(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(here, "remote", "add", "origin", "git@github.com:owner/repo.git")
    add(Path("run"))
    show(out=Path("new/page.html"))
    sha = git(here, "rev-parse", "HEAD")
    assert f'href="https://github.com/owner/repo/commit/{sha}"' in Path("new/page.html").read_text()
    assert capsys.readouterr().out.endswith("\nhtml: new/page.html\n")
    show(out=Path("page.html"), commit_url="https://example.org/{commit}?plain=1&x")
    assert f'href="https://example.org/{sha}?plain=1&amp;x"' in Path("page.html").read_text()


@pytest.mark.parametrize(
    ("out", "form", "begins"),
    [
        ("it.html", None, "<!doctype html>"),
        ("it.json", None, "{"),
        ("it.txt", None, "History of"),
        ("it.txt", "html", "<!doctype html>"),
    ],
)
def test_the_name_of_the_file_says_the_format_unless_told(
    here: Path, out: str, form: str | None, begins: str
) -> None:
    add(Path("run"))
    show(out=Path(out), form=form)  # type: ignore[arg-type]
    assert Path(out).read_text().startswith(begins)


def test_a_line_that_was_cut_off_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(Path("run"))
    with Path("reports/history", FILE).open("a") as file:
        file.write('{"commit": {"ha')
    assert len(shown(capsys)) == 1
    show()
    assert capsys.readouterr().err == (
        f"reports/history/{FILE}: the last line was cut off while it was written, and is left out\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "nowhere"), "nowhere: no run here; "),
        (("add", "app.py"), "app.py: neither a run's folder nor JSON: "),
        (("add", "run", "--anchor", "uvicorn/nope"), "unknown cell 'uvicorn/nope'; "),
        (("add", "run", "--commit", "nowhere"), "'nowhere' names no commit here; is it fetched? "),
        (
            ("add", "run", "--to", "x", "--branch", "y"),
            "a history is kept in a folder or on a branch, not both",
        ),
        (("add", "run", "--branch", "main"), "branch 'main' is checked out; "),
        (("add", "other.json", "--anchor", "x"), "--anchor belongs to runs; "),
        (("add", "bare"), "bare: holds no anchor, "),
        (("show",), "reports/history/history.jsonl: there is no history; "),
        (("show", "--branch", "main"), "branch 'main' holds no history; "),
        (
            ("show", "--from", "there", "--commit-url", "ftp://x/{commit}"),
            "--commit-url ftp://x/{commit}: give a web ",
        ),
        (("show", "--from", "there", "--commit-url", "https://x/"), "--commit-url https://x/: give a web "),
        (("show", "--from", "there", "--out", "app.py/it"), "app.py/it: cannot be written: "),
        (("show", "--format", "pdf"), "Invalid value for '--format': "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(
    here: Path, arguments: tuple[str, ...], said: str
) -> None:
    Path("other.json").write_text("{}")
    measure(here / "bare", anchor=False)
    add(Path("run"), to=Path("there"))
    done = bench_here("history", *arguments, cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.removeprefix("bench: ").removeprefix(f"{here}/").startswith(said)
    assert done.stderr.count("\n") == 1


def test_outside_of_a_repository_there_is_nothing_to_go_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    measure(tmp_path / "run", sha="1" * 40)
    with pytest.raises(UsageError, match="is in no git repository"):
        add(Path("run"))


def test_by_itself_it_explains_itself(tmp_path: Path) -> None:
    done = bench_here("history", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in ("add", "show") if f"\n  {word} " not in done.stdout] == []


def test_a_real_run_beside_the_shipped_anchor(here: Path) -> None:
    cells = ("--setup", "uvicorn", "--setup", "anchor", "--scenario", "ping", "--users", "2")
    quick = ("--minutes", "0.05", "--rounds", "1", "--out", "measured")
    assert bench("run", "history", *cells, *quick, cwd=here).returncode == 0
    done = bench_here("history", "add", "measured", "--commit", "HEAD", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    entry = json.loads((here / "reports/history" / FILE).read_text())
    (figures,) = entry["series"].values()
    assert entry["anchor"] == "anchor / ping / native, 2 users"
    assert {name: figure["n"] for name, figure in figures.items()} == dict.fromkeys(
        ("throughput", "p50", "p99", "cpu", "memory"), 1
    )
    assert figures["cpu"]["value"] > 1.5  # a framework costs more than none
    assert figures["throughput"]["value"] < 1
    assert figures["memory"]["value"] > 1.5
