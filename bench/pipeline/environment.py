"""A job of CI as its environment describes it: the request to comment on, its summary, and where it is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.errors import UsageError
from bench.pipeline.forge import Thread, WayOut

_ROBOTS = ("dependabot[bot]",)
"""Whose pull requests get a token that can only read, though they come from no fork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CIJob:
    """A job: the thread to comment on, or the reason why there is none; its summary, its page and its commit."""

    thread: Thread | None = None
    reason: str = ""
    summary: Path | None = None
    page: str = ""
    commit: str = ""


def read_job(env: Mapping[str, str], number: int | None) -> CIJob:
    """The job that the variables of GitHub Actions or of GitLab CI describe; `number` is the request's, if named.

    Raises UsageError where no CI is to be seen, and where a variable is missing or wrong.
    """
    if env.get("CI_API_V4_URL"):
        return _gitlab(env, number)
    if env.get("GITHUB_REPOSITORY"):
        return _github(env, number)
    raise UsageError(
        "this is no job of CI: GITHUB_REPOSITORY and CI_API_V4_URL are not set; --dry-run prints the comment"
    )


def _github(env: Mapping[str, str], number: int | None) -> CIJob:
    event = _event(env.get("GITHUB_EVENT_PATH"), needed=number is None)
    number = number or _number(event)
    repository = env["GITHUB_REPOSITORY"]
    server, run = env.get("GITHUB_SERVER_URL", "https://github.com"), env.get("GITHUB_RUN_ID")
    summary = env.get("GITHUB_STEP_SUMMARY")
    return CIJob(
        thread=_github_thread(env, event, number) if number else None,
        reason="" if number else f"the event {env.get('GITHUB_EVENT_NAME', '')} belongs to no pull request",
        summary=Path(summary) if summary else None,
        page=f"{server}/{repository}/actions/runs/{run}" if run else "",
        commit=_find(event, "pull_request", "head", "sha") or env.get("GITHUB_SHA", ""),
    )


def _github_thread(env: Mapping[str, str], event: Mapping[str, Any], number: int) -> Thread:
    repository, token = env["GITHUB_REPOSITORY"], env.get("GITHUB_TOKEN")
    if not token:
        raise UsageError("GITHUB_TOKEN is not set; give the step `env: GITHUB_TOKEN: ${{ github.token }}`")
    issues = f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{repository}/issues"
    return Thread(
        forge="GitHub",
        comments=f"{issues}/{number}/comments",
        one=f"{issues}/comments",
        change="PATCH",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        way_out=WayOut(
            token="GITHUB_TOKEN is wrong or has expired; give the step `env: GITHUB_TOKEN: ${{ github.token }}`",
            permission="give the job `permissions: pull-requests: write`",
            place=f"there is no pull request {number} in {repository}, or this token may not see it",
            address="check GITHUB_API_URL and the runner's network",
        ),
        read_only=_from_fork(event, repository) or env.get("GITHUB_ACTOR") in _ROBOTS,
    )


def _event(path: str | None, *, needed: bool) -> Mapping[str, Any]:
    """The event that started the workflow, as GitHub left it in a file."""
    try:
        event = json.loads(Path(path or "").read_text(encoding="utf-8"))
        if isinstance(event, dict):
            return event
        problem: object = "it is no object"
    except (OSError, ValueError) as error:
        problem = error
    if needed:
        raise UsageError(
            f"GITHUB_EVENT_PATH ({path or 'not set'}) names no event: {problem}; name the pull request with --number"
        )
    return {}


def _number(event: Mapping[str, Any]) -> int | None:
    """The number of the event's pull request; of one that follows another workflow, that one's first."""
    followed = _find(event, "workflow_run", "pull_requests") or [{}]
    found = (
        _find(event, "pull_request", "number")
        or (_find(event, "issue", "pull_request") and _find(event, "issue", "number"))
        or _find(followed[0], "number")
    )
    return int(found) if found else None


def _from_fork(event: Mapping[str, Any], repository: str) -> bool:
    """Whether the head is another repository; of one that is gone, it was."""
    head = _find(event, "pull_request", "head")
    return bool(head) and _find(head, "repo", "full_name") != repository


def _find(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _gitlab(env: Mapping[str, str], number: int | None) -> CIJob:
    chosen = str(number) if number else env.get("CI_MERGE_REQUEST_IID")
    page, commit = env.get("CI_JOB_URL", ""), env.get("CI_COMMIT_SHA", "")
    token, project = env.get("GITLAB_TOKEN"), env.get("CI_PROJECT_ID", "")
    if not chosen:
        return CIJob(reason="the pipeline belongs to no merge request", page=page, commit=commit)
    if not token:
        reason = "GITLAB_TOKEN is not set; store a project access token with the scope `api` in that variable"
        return CIJob(reason=reason, page=page, commit=commit)
    notes = f"{env['CI_API_V4_URL']}/projects/{quote(project, safe='')}/merge_requests/{chosen}/notes"
    thread = Thread(
        forge="GitLab",
        comments=notes,
        one=notes,
        change="PUT",
        headers={"PRIVATE-TOKEN": token},
        way_out=WayOut(
            token="GITLAB_TOKEN is wrong or has expired; make a new project access token with the scope `api`",
            permission="give the access token of GITLAB_TOKEN the scope `api` and at least the role Reporter",
            place=f"there is no merge request {chosen} in project {project}, or this token may not see it",
            address="check CI_API_V4_URL and the runner's network",
        ),
    )
    return CIJob(thread=thread, page=page, commit=commit)
