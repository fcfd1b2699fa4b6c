"""Measures how far the gates can be trusted: their verdicts on equal versions, and on faults put in on purpose."""
