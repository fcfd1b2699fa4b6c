"""gunicorn's worker as gunicorn itself loads it: by name, from a folder of PYTHONPATH, with its options."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.model.plan import Setup
from bench.serve.commands import INSIDE, command, environment
from bench.serve.interpreter import OWN

LOAD = """
import json, sys
from gunicorn.util import load_class
from uvicorn import Config
worker = load_class(sys.argv[1])
config = Config("an:app", **worker.CONFIG_KWARGS)
names = ("loop", "http", "ws", "lifespan", "root_path", "access_log", "server_header", "date_header", "proxy_headers")
told = {name: getattr(config, name) for name in names}
print(json.dumps({"from": [base.__module__ for base in worker.__mro__], **told}))
"""


@pytest.mark.parametrize("http", ["httptools", "h11"])
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_setup_gets_the_worker_with_its_loop_and_parser(loop: str, http: str, tmp_path: Path) -> None:
    setup = Setup("mine", "gunicorn", loop=loop, http=http, lifespan="on", root_path="/api")  # type: ignore[arg-type]
    words = command(setup, OWN.path, "127.0.0.1", 80)
    name = words[words.index("-k") + 1]
    env = environment(setup, OWN, tmp_path)
    said = subprocess.check_output([sys.executable, "-P", "-c", LOAD, name], env=env, cwd=tmp_path, text=True)
    told = json.loads(said)
    assert told.pop("from")[:2] == ["_fastapi_bench_gunicorn", "uvicorn_worker._workers"]
    quiet = dict.fromkeys(("access_log", "server_header", "date_header", "proxy_headers"), False)
    assert told == {"loop": loop, "http": http, "ws": "auto", "lifespan": "on", "root_path": "/api", **quiet}


def test_nothing_of_ours_but_this_folder_is_on_the_path_of_imports(tmp_path: Path) -> None:
    env = environment(Setup("mine", "gunicorn", app="shop:app"), OWN, tmp_path)
    assert env["PYTHONPATH"].split(":")[-1] == str(INSIDE)
    names = {path.name for path in INSIDE.iterdir()} - {"__init__.py", "__pycache__"}
    assert all(name.startswith("_fastapi_bench_") for name in names)
