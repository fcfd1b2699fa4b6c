"""Truth servers of known behaviour, and every engine measured against them: `bench selftest`."""
