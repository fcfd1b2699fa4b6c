"""Questions with answers to choose from, and the votes for them."""
