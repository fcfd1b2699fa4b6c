"""HTTP only: parse, call crud, answer."""
