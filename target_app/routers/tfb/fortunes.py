"""`fortunes`: a page of sayings, made from a template."""

from operator import itemgetter
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from target_app.dependencies import DatabaseDep
from target_app.routing import Router
from target_app.schemas.error import UNAVAILABLE

_ADDITIONAL = (0, "Additional fortune added at request time.")
_TEMPLATES = Path(__file__).parents[2] / "templates"

_page = Environment(
    autoescape=True, loader=FileSystemLoader(_TEMPLATES), trim_blocks=True, auto_reload=False
).get_template("fortunes.html")

router = Router(prefix="/tfb", tags=["tfb"])


@router.get("/fortunes", response_class=HTMLResponse, responses=UNAVAILABLE)
async def tfb_fortunes(database: DatabaseDep) -> HTMLResponse:
    """All fortunes and one more, sorted by message."""
    fortunes = [_ADDITIONAL, *await database.raw.read_fortunes()]
    fortunes.sort(key=itemgetter(1))
    return HTMLResponse(_page.render(fortunes=fortunes))
