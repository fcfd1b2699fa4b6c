"""The comparison with an entry like TechEmpower's: both apps are loaded, with all its kinds of tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bench.measure.store import read_run
from tools.reference.__main__ import OURS, THEIRS, main, setups
from tools.reference.scenarios import SCENARIOS

ENTRY = """
from contextlib import asynccontextmanager
import asyncpg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates

templates = Jinja2Templates(directory="templates")

@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(host="not-here", min_size=500, max_size=1000) as app.state.pool:
        yield

app = FastAPI(lifespan=lifespan)

async def worlds(count):
    rows = await app.state.pool.fetch("SELECT id, randomnumber FROM world LIMIT $1", count)
    return [{"id": row["id"], "randomNumber": row["randomnumber"]} for row in rows]

@app.get("/json")
async def json(): return JSONResponse({"message": "Hello, world!"})

@app.get("/plaintext")
async def plaintext(): return PlainTextResponse("Hello, world!")

@app.get("/db")
async def db(): return JSONResponse((await worlds(1))[0])

@app.get("/queries")
async def several(queries: int): return JSONResponse(await worlds(queries))

@app.get("/updates")
async def updates(queries: int): return JSONResponse(await worlds(queries))

@app.get("/fortunes")
async def fortunes(request: Request):
    return templates.TemplateResponse("page.html", {"request": request, "word": "Additional fortune"})
"""


def test_both_apps_are_measured_in_all_kinds_of_tests(tmp_path: Path) -> None:
    (tmp_path / "entry/templates").mkdir(parents=True)
    (tmp_path / "entry/app.py").write_text(ENTRY)
    (tmp_path / "entry/templates/page.html").write_text(
        "<td>0</td><td>{{ word }} added at request time.</td>"
    )
    out = tmp_path / "run"
    assert main([str(tmp_path / "entry"), "--minutes", "0.1", "--rounds", "1", "--out", str(out)]) == 0
    measured = {(one.cell.setup, one.cell.scenario) for one in read_run(out).records}
    assert measured == {(setup, name) for setup in (OURS, THEIRS) for name in SCENARIOS}


def test_the_setups_differ_in_their_app_alone(tmp_path: Path) -> None:
    ours, theirs = tomllib.loads(setups(tmp_path)).values()
    assert ours["extends"] == theirs["extends"]
    assert ours["env"]["APP_POOL_SIZE"] == theirs["env"]["APP_POOL_SIZE"]


@pytest.mark.parametrize("arguments", [[], ["not-here"]])
def test_a_folder_without_an_app_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "APP.PY" in capsys.readouterr().err
