"""Locust's home: its web UI and fleet with our scenarios, exact times, the server next to the load, and records."""
