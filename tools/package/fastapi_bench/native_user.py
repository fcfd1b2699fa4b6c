"""Users for a locustfile of one's own, whose requests our native engine sends.

They come `from fastapi_bench.native_user import NativeUser`, and after that scenarios `from scenarios.model`. In a
wheel this folder is the first on the path of `bench locust`, so no module here may have the name of a library.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Last, so that modules of the user's own that have the names of ours stay theirs.
sys.path.append(str(Path(__file__).with_name("bench").resolve().parent))

from bench.locust.native_user import NativeUser

__all__ = ["NativeUser"]
