"""The entry behind its adapter, in a process of its own, as the adapter changes libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
ENTRY = """
import asyncpg
from fastapi import FastAPI, Request
from fastapi.templating import Jinja2Templates

app = FastAPI()
templates = Jinja2Templates(directory=".")

@app.get("/page")
async def page(request: Request): return templates.TemplateResponse("page.html", {"request": request, "n": 7})

@app.get("/pool")
async def pool():
    made = asyncpg.create_pool(host="elsewhere", min_size=500, max_size=1000)
    return [made.get_min_size(), made.get_max_size(), made._connect_args[0]]
"""
ASK = """
from fastapi.testclient import TestClient
from tools.reference.adapter import app
client = TestClient(app)
print(client.get("/tfb/page").text, client.get("/tfb/pool").json(), client.get("/tfb/none").status_code)
"""


def test_the_entry_answers_below_tfb_from_the_database_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(ENTRY)
    (tmp_path / "page.html").write_text("page {{ n }}")
    env = os.environ | {
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "APP_DATABASE_URL": "postgresql://here/db",
        "APP_POOL_SIZE": "3",
    }
    command = [sys.executable, "-c", ASK]
    said = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.strip() == "page 7 [3, 3, 'postgresql://here/db'] 404"
