"""Tabs of Locust's web UI with a table each, which Locust's page asks for together with its statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

from flask import Response, request
from locust.env import Environment

TabRow = Mapping[str, object]


def add_tab(
    environment: Environment,
    title: str,
    columns: Mapping[str, str],
    rows: Callable[[], Sequence[TabRow]],
) -> None:
    """Add a tab whose table has a title for each key of its rows; keys are single words. A worker has no tabs.

    The page sorts rows by `name` where they have that key, and else leaves them in their order.
    """
    web_ui = environment.web_ui
    if web_ui is None or web_ui.app is None:
        return
    key = title.lower().replace(" ", "-")
    structure = [{"key": name, "title": heading} for name, heading in columns.items()]
    template = web_ui.template_args
    template["extended_tabs"] = [*template.get("extended_tabs", ()), {"title": title, "key": key}]
    template["extended_tables"] = [
        *template.get("extended_tables", ()),
        {"key": key, "structure": structure},
    ]
    tables = _tables.get(environment)
    if tables is None:
        tables = _tables[environment] = {}
        web_ui.app.after_request(_extend(tables))
    tables[key] = rows


_tables: WeakKeyDictionary[Environment, dict[str, Callable[[], Sequence[TabRow]]]] = WeakKeyDictionary()


def _extend(
    tables: Mapping[str, Callable[[], Sequence[TabRow]]],
) -> Callable[[Response], Response]:
    """Add the rows of all tabs to the answer with Locust's statistics."""

    def extend(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            answer = json.loads(response.get_data())
            answer["extended_stats"] = [
                *(table for table in answer.get("extended_stats", ()) if table["key"] not in tables),
                *({"key": key, "data": list(rows())} for key, rows in tables.items()),
            ]
            response.set_data(json.dumps(answer))
        return response

    return extend
