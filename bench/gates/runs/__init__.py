"""Two measurements made at different times: how their conditions differ, and what changed."""
