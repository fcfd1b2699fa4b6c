"""Every query, with its sync twin beside it."""
