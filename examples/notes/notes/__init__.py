"""Short texts, kept in memory until the server ends."""
