"""What a process does with what it holds from its start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.target_app.conftest import app_over, sqlite_url


def would_be_searched(client: TestClient) -> bool:
    """Whether a garbage collection would go through the app's own state; what is frozen it does not."""
    state = cast(FastAPI, client.app).state
    return any(one is state for one in gc.get_objects())


@pytest.fixture
def nothing_frozen() -> Iterator[None]:
    """As in a server's process; these tests begin with all frozen that was there before them."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.mark.usefixtures("nothing_frozen")
@pytest.mark.parametrize("freeze", [True, False])
def test_what_is_there_from_the_start_is_spared_collections_until_the_stop(
    freeze: bool, database_path: Path
) -> None:
    with app_over(sqlite_url(database_path), gc_freeze=freeze) as client:
        assert would_be_searched(client) is not freeze
    assert would_be_searched(client)
    assert gc.get_freeze_count() == 0


def test_where_something_is_frozen_already_nothing_is_added_or_taken_away(database_path: Path) -> None:
    gc.freeze()
    with app_over(sqlite_url(database_path), gc_freeze=True) as client:
        assert would_be_searched(client)
    assert gc.get_freeze_count() > 0
