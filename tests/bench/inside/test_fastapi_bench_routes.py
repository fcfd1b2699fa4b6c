"""Routes of frameworks that only some environments have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.inside.test_fastapi_bench_look import look
from tests.bench.starter.apps import FLASK, lay_out

LITESTAR = """
from litestar import Litestar, get


@get("/items/{number:int}")
async def item(number: int) -> int:
    return number


app = Litestar([item])
"""

DJANGO = """
import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import include, path

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"])


def view(request, **words):
    return HttpResponse("hello")


urlpatterns = [path("", view), path("shop/", include(([path("items/<int:pk>/<slug>/", view)], "shop")))]
application = get_asgi_application()
"""


def test_rules_of_flask_become_paths_with_braces(tmp_path: Path) -> None:
    pytest.importorskip("flask")
    found = look(lay_out(tmp_path, {"app.py": FLASK}), "app:app")
    assert (found["interface"], found["framework"]) == ("wsgi", "flask")
    assert {"method": "POST", "path": "/items", "kinds": {}} in found["routes"]
    kinds = {"number": "integer", "name": "string"}
    assert {"method": "GET", "path": "/items/{number}/{name}", "kinds": kinds} in found["routes"]
    assert len(found["routes"]) == 2


def test_litestar_gives_its_schema(tmp_path: Path) -> None:
    pytest.importorskip("litestar")
    found = look(lay_out(tmp_path, {"app.py": LITESTAR}), "app:app")
    assert (found["interface"], found["framework"], found["lifespan"]) == ("asgi", "litestar", "on")
    assert "/items/{number}" in found["schemas"][0]["schema"]["paths"]


def test_patterns_of_django_become_paths_with_braces(tmp_path: Path) -> None:
    pytest.importorskip("django")
    found = look(lay_out(tmp_path, {"asgi.py": DJANGO}), "asgi:application")
    assert (found["interface"], found["framework"], found["lifespan"]) == ("asgi", "django", "off")
    kinds = {"pk": "integer", "slug": "string"}
    assert found["routes"] == [
        {"method": "GET", "path": "/", "kinds": {}},
        {"method": "GET", "path": "/shop/items/{pk}/{slug}/", "kinds": kinds},
    ]
