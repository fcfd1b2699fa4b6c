"""Load generators. Each is a program of its own that takes a Job and leaves Samples; `launch.py` runs them."""
