"""How far the gates can be trusted: what they say of versions that are the same, and of faults put in on purpose."""
