"""Locust's home: its web UI and fleet with our scenarios, exact times, the server beside the load, and records."""
