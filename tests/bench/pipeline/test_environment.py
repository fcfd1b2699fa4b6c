"""What a job's variables say: its request, its summary, and why there may be no thread."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.pipeline.environment import read_job

GITHUB = {"GITHUB_REPOSITORY": "me/app", "GITHUB_TOKEN": "secret", "GITHUB_API_URL": "https://api.example"}
GITLAB = {
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_PROJECT_ID": "me/app",
    "GITLAB_TOKEN": "secret",
}
HERE = {"repo": {"full_name": "me/app"}}
PULL = "https://api.example/repos/me/app/issues/12/comments"

EVENTS = {
    "pull request": ({"pull_request": {"number": 12, "head": HERE}}, PULL, False),
    "from a fork": ({"pull_request": {"number": 12, "head": {"repo": {"full_name": "x/app"}}}}, PULL, True),
    "from a fork that is gone": ({"pull_request": {"number": 12, "head": {"repo": None}}}, PULL, True),
    "a comment on one": ({"issue": {"number": 12, "pull_request": {"url": "x"}}}, PULL, False),
    "a comment on an issue": ({"issue": {"number": 12}}, None, False),
    "behind a workflow": ({"workflow_run": {"pull_requests": [{"number": 12}]}}, PULL, False),
    "behind a workflow of none": ({"workflow_run": {"pull_requests": []}}, None, False),
    "a push": ({"ref": "refs/heads/main"}, None, False),
}


@pytest.mark.parametrize(("event", "comments", "read_only"), EVENTS.values(), ids=EVENTS)
def test_an_event_names_its_pull_request(
    event: object, comments: str | None, read_only: bool, tmp_path: Path
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    job = read_job({**GITHUB, "GITHUB_EVENT_PATH": str(path)}, None)
    assert (job.thread.comments if job.thread else None) == comments
    assert (job.thread.read_only if job.thread else False) == read_only
    assert bool(job.reason) == (comments is None)


def test_a_number_that_is_named_needs_no_event() -> None:
    job = read_job(GITHUB, 12)
    assert job.thread is not None
    assert job.thread.comments == PULL
    assert (job.page, job.summary) == ("", None)


def test_a_robots_token_can_only_read() -> None:
    job = read_job({**GITHUB, "GITHUB_ACTOR": "dependabot[bot]"}, 12)
    assert job.thread is not None
    assert job.thread.read_only


def test_the_job_knows_its_page_and_the_commit_of_the_head(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"pull_request": {"number": 12, "head": {"sha": "feed", **HERE}}}))
    variables = {"GITHUB_EVENT_PATH": str(path), "GITHUB_RUN_ID": "5", "GITHUB_SHA": "merge"}
    job = read_job({**GITHUB, **variables}, None)
    assert (job.page, job.commit) == ("https://github.com/me/app/actions/runs/5", "feed")


def test_gitlab_quotes_the_project_and_changes_notes_with_put() -> None:
    job = read_job({**GITLAB, "CI_MERGE_REQUEST_IID": "3"}, None)
    assert job.thread is not None
    assert job.thread.comments == "https://gitlab.example/api/v4/projects/me%2Fapp/merge_requests/3/notes"
    assert (job.thread.change, job.thread.one) == ("PUT", job.thread.comments)


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param({"CI_MERGE_REQUEST_IID": ""}, id="no request"),
        pytest.param({"GITLAB_TOKEN": ""}, id="no token"),
    ],
)
def test_gitlab_without_a_request_or_a_token_has_no_thread_but_a_reason(missing: dict[str, str]) -> None:
    job = read_job({**GITLAB, "CI_MERGE_REQUEST_IID": "3", **missing}, None)
    assert job.thread is None
    assert job.reason


WRONG = {
    "no CI": ({}, None, "--dry-run"),
    "no token": ({"GITHUB_REPOSITORY": "me/app"}, 12, "GITHUB_TOKEN"),
    "no event": ({"GITHUB_REPOSITORY": "me/app", "GITHUB_TOKEN": "x"}, None, "--number"),
    "no such event": ({**GITHUB, "GITHUB_EVENT_PATH": "/nowhere/event.json"}, None, "--number"),
}


@pytest.mark.parametrize(("env", "number", "way_out"), WRONG.values(), ids=WRONG)
def test_a_missing_variable_is_a_sentence_with_the_way_out(
    env: dict[str, str], number: int | None, way_out: str
) -> None:
    with pytest.raises(UsageError, match=way_out):
        read_job(env, number)


def test_an_event_that_is_no_json_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text("[1]")
    with pytest.raises(UsageError, match="it is no object"):
        read_job({**GITHUB, "GITHUB_EVENT_PATH": str(path)}, None)
