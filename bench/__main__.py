"""`python -m bench`."""

import sys

sys.path.append(sys.path.pop(0))  # the user's folder comes last: a `scenarios.py` in it must not hide ours

from bench.cli import main  # noqa: E402

main()
