"""Two measurements that were made at different times, held against each other: what differs, and what it shows."""
