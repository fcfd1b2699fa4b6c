"""The comments of a request over a real socket: written, changed, found again; and each way to be refused."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest

from bench.pipeline.environment import read_job
from bench.pipeline.forge import ForgeError, Thread, WriteRefusedError
from tests.bench.pipeline.fake_forge import LISTS, FakeForge, Refusal, serving

MARK = "<!-- fastapi-bench: mine -->"


@pytest.fixture(params=["github", "gitlab"])
def thread(request: pytest.FixtureRequest, forge: FakeForge, tmp_path: Path) -> Thread:
    """The thread of a job of either kind."""
    found = read_job(forge.github(tmp_path) if request.param == "github" else forge.gitlab(), None).thread
    assert found is not None
    return found


@pytest.fixture
def github(forge: FakeForge, tmp_path: Path) -> Thread:
    found = read_job(forge.github(tmp_path), None).thread
    assert found is not None
    return found


def test_the_first_is_written_and_the_next_takes_its_place(forge: FakeForge, thread: Thread) -> None:
    forge.comments = {1: f"a person's words about {MARK}"}
    assert thread.put(f"{MARK}\nslow", MARK) == "written"
    after = dict(forge.comments)
    assert thread.put(f"{MARK}\nwell", MARK) == "updated"
    assert after == {1: f"a person's words about {MARK}", 2: f"{MARK}\nslow"}
    assert forge.comments == {**after, 2: f"{MARK}\nwell"}


@pytest.mark.parametrize("before", [99, 100, 250])
def test_ours_is_found_behind_many_others(forge: FakeForge, thread: Thread, before: int) -> None:
    forge.comments = {**dict.fromkeys(range(1, before + 1), "words"), before + 1: f"{MARK}\nold"}
    assert thread.put(f"{MARK}\nnew", MARK) == "updated"
    assert (len(forge.comments), forge.comments[before + 1]) == (before + 1, f"{MARK}\nnew")


def test_a_comment_of_another_key_stays(forge: FakeForge, thread: Thread) -> None:
    forge.comments = {1: "<!-- fastapi-bench: mine-too -->\nother"}
    assert thread.put(f"{MARK}\nnew", MARK) == "written"
    assert forge.comments[1] == "<!-- fastapi-bench: mine-too -->\nother"


LIMITED = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767225600"}  # 2026-01-01 00:00:00 UTC
REFUSALS = {
    "token": (Refusal("GET", 401, "Bad credentials"), ForgeError, "GITHUB_TOKEN"),
    "reading": (Refusal("GET", 403, "Forbidden"), ForgeError, "permissions"),
    "writing": (Refusal("POST", 403, "not accessible"), WriteRefusedError, "pull-requests: write"),
    "no such request": (Refusal("GET", 404, "Not Found"), ForgeError, "no pull request 12 in me/app"),
    "limit until": (Refusal("POST", 403, "rate limit", LIMITED), ForgeError, "until 00:00:00 UTC"),
    "limit for": (Refusal("POST", 429, "slow down", {"Retry-After": "60"}), ForgeError, "for 60 s"),
    "secondary limit": (Refusal("POST", 403, "abuse", {"Retry-After": "7"}), ForgeError, "for 7 s"),
    "trouble": (Refusal("GET", 502, "Bad Gateway"), ForgeError, "run the step again"),
    "wrong body": (Refusal("POST", 422, "Validation Failed"), ForgeError, "Validation Failed"),
}


@pytest.mark.parametrize(("refusal", "kind", "way_out"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_a_sentence_with_the_status_and_the_way_out(
    forge: FakeForge, github: Thread, refusal: Refusal, kind: type[ForgeError], way_out: str
) -> None:
    forge.refusal = refusal
    with pytest.raises(ForgeError) as raised:
        github.put(f"{MARK}\nwords", MARK)
    assert type(raised.value) is kind
    assert str(refusal.status) in str(raised.value)
    assert way_out in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_token_that_is_wrong_is_not_told(forge: FakeForge, github: Thread) -> None:
    wrong = dataclasses.replace(github, headers={"Authorization": "Bearer hunter2"})
    with pytest.raises(ForgeError, match="401") as raised:
        wrong.put("words", MARK)
    assert "hunter2" not in str(raised.value)


def test_a_forge_that_does_not_answer_is_given_up(forge: FakeForge, github: Thread) -> None:
    forge.released.clear()
    with pytest.raises(ForgeError, match=r"no answer within 0\.2 s"):
        dataclasses.replace(github, timeout_s=0.2).put("words", MARK)


def test_nobody_at_the_address_is_a_sentence(github: Thread) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # and does not listen
        port = reserved.getsockname()[1]
        moved = dataclasses.replace(github, comments=f"http://127.0.0.1:{port}/comments")
        with pytest.raises(ForgeError, match="GITHUB_API_URL"):
            moved.put("words", MARK)


@pytest.mark.parametrize("page", [b"<html>log in</html>", b'{"message": "hello"}', b'[{"id": 1}]', b"[1]"])
def test_an_answer_that_is_no_list_of_comments_is_a_sentence(
    forge: FakeForge, github: Thread, page: bytes
) -> None:
    forge.page = page
    with pytest.raises(ForgeError, match="GITHUB_API_URL"):
        github.put("words", MARK)


def test_a_token_does_not_follow_to_another_host(forge: FakeForge, github: Thread) -> None:
    """The host that an answer leads to is asked without the token, and says that it knows nobody."""
    with serving() as other:
        target = f"{other.url}{LISTS[0]}?per_page=100&page=1"
        forge.refusal = Refusal("GET", 302, headers={"Location": target})
        with pytest.raises(ForgeError, match="401"):
            github.put("words", MARK)
        assert [method for method, _ in other.asked] == ["GET"]
