"""The form of the page: what it ticks, which mistakes it refuses, and what it starts - as HTTP, and in Chromium."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bench.system.waiting import wait_until
from tests.bench.locust.browser import Browser
from tests.bench.locust.by_hand import ByHand, lay_out

START = {"user_count": "2", "spawn_rate": "2"}
TICKED = """
Object.fromEntries([...document.querySelectorAll('tbody tr')].map(row =>
    [row.innerText.trim().split(/\\s+/)[0], row.querySelector('input[type=checkbox]').checked]))
"""


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"think": "soon"}, "--think is 'soon': give a number from 0 on"),
        ({"slo": "p99<50ms, p98<1s"}, "unknown metric 'p98'"),
        ({"think": "1", "pace": "1"}, "both say when a session starts"),
        ({"shape_class": "open-arrivals"}, "give --rate"),
        ({"shape_class": "ramp-to-capacity"}, "give --slo"),
        ({"user_classes": []}, "tick at least one user class"),
        ({"user_classes": ["NopeUser"]}, "unknown user class NopeUser"),
        ({"shape_class": "nope"}, "unknown shape nope"),
    ],
)
def test_mistakes_are_refused_with_a_sentence(
    fields: dict[str, object], sentence: str, by_hand: ByHand
) -> None:
    with by_hand.page("--class-picker") as page:
        form = {**START, "user_classes": ["OkUser"], **fields}
        answer = httpx.post(f"{page}/swarm", data=form).json()
        state = httpx.get(f"{page}/stats/requests").json()["state"]
    assert (answer["success"], state) == (False, "ready")
    assert sentence in answer["message"]
    assert not by_hand.peer.seen


def test_other_classes_do_not_join_a_test_that_runs(by_hand: ByHand) -> None:
    with by_hand.page("--class-picker") as page:
        form = {**START, "user_classes": ["OkUser"]}
        assert httpx.post(f"{page}/swarm", data=form).json()["success"]
        other = httpx.post(
            f"{page}/swarm", data={**form, "user_classes": ["OkUser", "JourneyShopUser"]}
        ).json()
        assert httpx.post(f"{page}/swarm", data={**form, "user_count": "3"}).json()["success"]
        httpx.post(f"{page}/stop")
    assert (other["success"], "stop it first" in other["message"]) == (False, True)


def test_fields_of_the_form_are_options_of_the_run(by_hand: ByHand) -> None:
    """A session starts every half second: as many of them from the intended start as there are requests."""
    with by_hand.page("--class-picker") as page:
        form = {**START, "user_classes": "OkUser", "pace": "0.5", "think": ""}
        assert httpx.post(f"{page}/swarm", data=form).json()["success"]
        assert wait_until(lambda: by_hand.peer.seen["/ok"] >= 6, 30.0)
        httpx.post(f"{page}/stop")
        rows = {one["name"]: one for one in _rows(page)}
    assert rows["/ok"]["num_requests"] == by_hand.peer.seen["/ok"] < 60
    assert rows["/ok (from the intended start)"]["num_requests"] == rows["/ok"]["num_requests"]


def test_what_the_gear_sets_holds_for_its_class(by_hand: ByHand) -> None:
    """A field that was left empty comes as null, and is no pace."""
    with by_hand.page("--class-picker") as page:
        fields = {"user_class_name": "OkUser", "think_seconds": 0.5, "pace_seconds": None}
        assert httpx.post(f"{page}/user", json=fields).status_code == 201
        form = {**START, "user_classes": "OkUser", "think": "", "pace": ""}
        assert httpx.post(f"{page}/swarm", data=form).json()["success"]
        assert wait_until(lambda: by_hand.peer.seen["/ok"] >= 6, 30.0)
        httpx.post(f"{page}/stop")
        rows = {one["name"]: one for one in _rows(page)}
    assert set(rows) == {"/ok", "Aggregated"}
    assert rows["/ok"]["num_requests"] == by_hand.peer.seen["/ok"] < 60


def _rows(page: str) -> list[dict[str, object]]:
    """Rows of statistics once the run is over; Locust's answer is up to 2 s old."""
    assert wait_until(lambda: httpx.get(f"{page}/stats/requests").json()["state"] == "stopped", 30.0)
    rows: list[dict[str, object]] = httpx.get(f"{page}/stats/requests").json()["stats"]
    return rows


def test_in_a_browser_the_journeys_are_ticked_and_start_with_one_click(
    by_hand: ByHand, tmp_path: Path
) -> None:
    lay_out(by_hand.folder, journeys=True)
    with by_hand.page("--class-picker") as page, Browser(tmp_path) as browser:
        browser.open(page)
        browser.wait_for("document.querySelectorAll('tbody tr').length > 50")
        ticks = browser.value(TICKED)
        assert [name for name, is_ticked in ticks.items() if is_ticked] == [
            "JourneyShopUser",
            "JourneyGuestUser",
        ]
        assert f"http://127.0.0.1:{by_hand.peer.port}" in browser.text
        assert "http://127.0.0.1:8000" not in browser.text
        browser.click("Start")
        assert wait_until(lambda: by_hand.peer.seen["/ok"] > 3, 60.0)
        browser.click("Stop")
        browser.click("Scenarios")
        assert "Looks around and buys." in browser.wait_for(
            "document.body.innerText.includes('Looks around') && document.body.innerText"
        )
        first = browser.value("document.querySelector('tbody tr').innerText")
        assert first.startswith("JourneyShopUser")  # those that run come first
        browser.click("Stages")
        browser.wait_for("document.body.innerText.includes('users start')")
        assert set(by_hand.peer.seen) == {"/ok"}


def test_in_a_browser_a_shape_keeps_the_number_of_users_and_a_mistake_is_read(
    by_hand: ByHand, tmp_path: Path
) -> None:
    with by_hand.page("--class-picker") as page, Browser(tmp_path) as browser:
        browser.open(page, width=400)
        choose = """
(() => {
    const field = document.querySelector('[name=shapeClass]');
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(field, 'open-arrivals');
    field.dispatchEvent(new Event('change', {bubbles: true}));
    return [...field.options].map(one => one.value);
})()
"""
        browser.wait_for("!!document.querySelector('[name=shapeClass]')")
        names = browser.value(choose)
        assert names == ["Default", "open-arrivals", "ramp-to-capacity", "spike", "steps"]
        assert browser.value("document.querySelector('[name=userCount]').disabled") is False
        browser.click("Start")
        browser.wait_for("document.body.innerText.includes('give --rate')")
