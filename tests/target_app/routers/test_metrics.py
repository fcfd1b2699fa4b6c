"""The page is there where it is wanted, and takes nothing where it is not."""

from __future__ import annotations

from tests.target_app.conftest import StartApp


def test_the_page_is_there_where_it_is_wanted(start_app: StartApp) -> None:
    assert start_app().get("/metrics").status_code == 404
    answer = start_app(metrics=True).get("/metrics")
    assert answer.status_code == 200
    assert "# TYPE http_request_duration_seconds histogram" in answer.text
