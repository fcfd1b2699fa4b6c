"""`bench exact`: instructions per request of two versions of an app, counted by callgrind; begin with `gate`."""
