"""Pure ASGI middleware, one a file; what is off is not in the stack at all."""
