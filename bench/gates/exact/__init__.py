"""The exact gate: instructions per request of two versions of an app, counted by valgrind's callgrind."""
