"""Recorded traffic as a scenario: `bench record` reads a HAR file or curl lines, and writes the journey behind them."""
