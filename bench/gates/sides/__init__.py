"""The two sides of a gate on a repository: for each its files, its environment, and the setup that runs there."""
