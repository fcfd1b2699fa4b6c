"""`python -m bench`."""

import sys
from pathlib import Path

# `-m` puts the user's folder first, where a file called scenarios.py would hide our package of that name.
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.cli import main

main()
