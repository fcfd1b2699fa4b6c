"""uvicorn's worker for gunicorn, with options that gunicorn has no words for; it runs in the service's interpreter.

They come as JSON in an environment variable: the arguments of `uvicorn.Config`.
"""

import json
import os

try:
    from uvicorn_worker import UvicornWorker
except ImportError:  # versions of uvicorn before that package existed
    from uvicorn.workers import UvicornWorker


class FixedWorker(UvicornWorker):
    CONFIG_KWARGS = json.loads(os.environ["FASTAPI_BENCH_UVICORN"])
