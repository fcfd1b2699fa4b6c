"""The gates in the CI of a repository: workflows, the comment under a pull request, and the verdict of all gates."""
