"""Compares the target app with TechEmpower's own entry for FastAPI, which this repository holds no copy of."""
