"""What was measured, commit by commit: entries, where they are kept, and how their figures moved."""
