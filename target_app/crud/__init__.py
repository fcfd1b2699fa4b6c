"""Every query, next to its sync twin."""
