"""Output and options of the commands with a verdict, through the functions that all of them call."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli._verdict import percentage, present
from bench.errors import UsageError
from bench.gates.output.judgement import markdown, render
from bench.model.change import Change, Judgement

SLOWER = Judgement("t", (Change("noop", "cpu", "regressed", ratio=1.1),))
SAME = Judgement("t", (Change("noop", "cpu", "no change", ratio=1.0),))


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may run on GitHub themselves."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def test_the_format_asked_for_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    present(SLOWER, "json", None)
    assert capsys.readouterr() == (render(SLOWER, "json"), "")


def test_with_a_file_the_words_are_shown_and_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    present(SLOWER, "json", Path("new/it.json"), "in other words\n")
    assert capsys.readouterr().out == "in other words\n\njson: new/it.json\n"
    assert Path("new/it.json").read_text() == render(SLOWER, "json")


def test_with_a_folder_all_formats_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ci").mkdir()
    present(SLOWER, "text", Path("ci"))
    assert capsys.readouterr().out.endswith("\nall formats: ci\n")
    assert Path("ci/verdict.json").exists()


def test_two_gates_append_to_the_summary_of_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    present(SLOWER, "text", None)
    present(SAME, "text", None)
    assert summary.read_text() == f"# before\n{markdown(SLOWER)}\n{markdown(SAME)}\n"


def test_secrets_in_reasons_and_notes_are_masked_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    reason = Change("noop", "errors", "regressed", ratio=1.1, why=("it answered password=canary",))
    present(Judgement("t", (reason,), ("redis://:canary@host is down",)), "text", tmp_path)
    written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {"verdict.md", "verdict.json", "verdict.xml", "verdict.txt", "summary.md"} <= written.keys()
    assert [name for name, content in written.items() if b"canary" in content] == []
    assert "password=***" in written["verdict.md"].decode().replace("\\", "")
    assert "canary" not in "".join(capsys.readouterr())


def test_a_summary_that_cannot_be_written_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    present(SLOWER, "json", None)
    out, notes = capsys.readouterr()
    assert out == render(SLOWER, "json")
    assert notes.startswith("the step's summary cannot be written: ")


@pytest.mark.parametrize(
    ("value", "notes"),
    [
        pytest.param("true", "::error title=regressed%3A noop::cpu: +10.00 %25\n", id="on GitHub"),
        pytest.param("false", "", id="said not to be"),
        pytest.param("", "", id="elsewhere"),
    ],
)
def test_on_github_annotations_leave_standard_output_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str, notes: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", value)
    present(SLOWER, "json", None)
    assert capsys.readouterr() == (render(SLOWER, "json"), notes)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        pytest.param("0.2%", 0.002, id="with the sign"),
        pytest.param(" 5 ", 0.05, id="without"),
        pytest.param("99.9 %", 0.999, id="nearly all"),
    ],
)
def test_percentages(text: str, share: float) -> None:
    assert percentage(text, "--margin") == pytest.approx(share)


@pytest.mark.parametrize("text", ["0", "100%", "-1", "nan", "a lot", ""])
def test_what_is_no_percentage_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"--margin .*: give a percentage, such as 0\.2%"):
        percentage(text, "--margin")
