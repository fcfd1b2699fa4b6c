from __future__ import annotations

import httpx

from tests.bench.locust.by_hand import ByHand


def test_tables_of_all_tabs_come_with_the_statistics_however_often_they_are_asked_for(
    by_hand: ByHand,
) -> None:
    with by_hand.page() as page:
        answers = [httpx.get(f"{page}/stats/requests").json() for _ in range(3)]
        index = httpx.get(page).text
    keys = [[table["key"] for table in answer["extended_stats"]] for answer in answers]
    assert keys[0] == keys[1] == keys[2]
    assert len(keys[0]) == len(set(keys[0])) >= 2
    assert answers[0]["state"] == "ready"
    for key in keys[0]:
        assert f'"key": "{key}"' in index
