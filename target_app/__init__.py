"""The service under test: a small FastAPI application that knows nothing of the harness."""
